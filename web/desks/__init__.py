"""The desks: the region's finance office reads its shares, the settlement clerk keeps the venue's books."""

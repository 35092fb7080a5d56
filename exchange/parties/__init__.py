"""Who trades, settles or watches: parties, their keys and their money."""

"""What all pages share: how they are rendered, how figures are written, how forms are read."""

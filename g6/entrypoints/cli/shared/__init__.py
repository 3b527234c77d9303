"""What commands share: options, terminals, stored units."""

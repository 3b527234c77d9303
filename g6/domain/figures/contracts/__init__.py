"""The contracts of figures: what each means, in which unit, and which function makes it."""

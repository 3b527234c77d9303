"""The list of commands, their help, and the commands that are printed as a fix."""

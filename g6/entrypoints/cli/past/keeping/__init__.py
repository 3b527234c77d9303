"""Keeping what is stored: backups, cold places, tidying."""

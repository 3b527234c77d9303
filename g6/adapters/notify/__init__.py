"""Ways to people, by apprise: chats, mailboxes, web hooks, the desktop."""

from g6.adapters.notify.apprise_channel import AppriseChannel

__all__ = ["AppriseChannel"]

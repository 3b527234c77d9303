"""Several hosts on this machine: namespaces of the network, a TCP proxy between them, and servers of their own."""

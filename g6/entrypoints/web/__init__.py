"""The process that answers over HTTP: state, applications, authentication, ports."""

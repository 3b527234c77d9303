"""What is said of settings before anything is built of them."""

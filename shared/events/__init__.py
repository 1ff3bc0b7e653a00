"""The contract of the bus: envelope, payloads and the topic catalogue."""

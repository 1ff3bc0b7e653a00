"""The contract: envelope, payloads and the topic catalogue. What stands here is what crosses the bus."""

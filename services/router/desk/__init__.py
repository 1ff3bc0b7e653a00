"""The process `desk`: what is parked, shown to a person, and that person's orders; for the house's own network.

Follows case.custody.v1, case.clock.v1 and directory.changed.v1. Emits case.ordered.v1 and operation.ordered.v1. Owns
nothing.
"""

"""The process `desk`: shows parked cases to a person and takes that person's orders; for the operator's own network.

Follows case.custody.v1, case.clock.v1 and directory.changed.v1. Emits case.ordered.v1 and operation.ordered.v1. Owns
nothing.
"""

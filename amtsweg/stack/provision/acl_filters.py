"""Kafka deletes ACLs by filters, not by the ACLs themselves."""

from confluent_kafka.admin import AclBinding, AclBindingFilter


def exactly(binding: AclBinding) -> AclBindingFilter:
    """The filter that matches this ACL and no other."""
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )

"""The sample for Java names the library that the long tests open sealed contents with."""

from tests.support.foreign_clients import NIMBUS, SAMPLES


def test_the_samples_pom_names_the_library_that_is_tried() -> None:
    written = (SAMPLES / "pom.xml").read_text()
    assert f"<groupId>{NIMBUS.group}</groupId>" in written
    assert f"<artifactId>{NIMBUS.artifact}</artifactId>" in written
    assert f"<version>{NIMBUS.version}</version>" in written

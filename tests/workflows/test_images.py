"""Jobs of images.yml, run as they stand: what is pushed is signed."""

import json
import re

import pytest

from tests.workflows.machine import AZURE, GKE, GOOGLE, NOTED, Machine, ran


@pytest.mark.slow
def test_images_are_signed_by_digest_with_their_bill_of_materials(machine: Machine) -> None:
    digest = "sha256:" + "0" * 64
    bill = {"metadata": {"component": {"name": "us-central1-docker.pkg.dev/p/r/iris", "version": "0123"}}}
    (machine.checkout / ".images").mkdir()
    (machine.checkout / ".images" / "iris-0123.cdx.json").write_text(json.dumps(bill))
    (machine.checkout / ".images" / "iris-0123.push.log").write_text("a log")
    machine.programs["gcloud"] = "#!/bin/bash\necho a-token\n"
    machine.programs["docker"] = (
        f'#!/bin/bash\n{NOTED}if [ "$1" = login ]; then cat >> "$CALLS"; else echo \'{{"digest": "{digest}"}}\'; fi\n'
    )

    job = ran(machine.run("images", "images", inputs=GKE, vars=GOOGLE))

    assert job.succeeded, job.output
    image = "us-central1-docker.pkg.dev/p/r/iris"
    assert machine.called() == [
        "docker login --username oauth2accesstoken --password-stdin https://us-central1-docker.pkg.dev",
        "a-token",
        "modelyard images gke-dev --push",
        f"docker buildx imagetools inspect {image}:0123 --format {{{{json .Manifest}}}}",
        f"cosign sign --yes {image}@{digest}",
        f"cosign attest --yes --type cyclonedx --predicate .images/iris-0123.cdx.json {image}@{digest}",
    ]
    assert job.summary == f"- `{image}:0123` `{digest}`\n"
    assert job.names[-1] == "actions/attest-build-provenance"
    assert (machine.temporary / "pushed").read_text() == f"{'0' * 64}  {image}\n"


@pytest.mark.slow
def test_nothing_pushed_is_nothing_signed_and_azures_registry_is_signed_in_to(machine: Machine) -> None:
    job = ran(machine.run("images", "images", inputs={"cloud": "aks", "environment": "aks-dev"}, vars=AZURE))

    assert job.succeeded, job.output
    assert re.fullmatch(r"az acr login --name \w+", machine.called()[0])
    assert job.names[-1] == "Sign what was pushed"

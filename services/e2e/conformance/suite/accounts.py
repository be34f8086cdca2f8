"""Credentials of the made-up accounts, in the form each provider has them."""

import json
import shutil
import subprocess

# What the mock provider is told to accept.
KEY = "sk-mock-credential-0123456789"
AWS_KEY_ID = "AKIAMOCKMOCKMOCKMOCK"


def credential(provider, mock):
    """The credential of a connection to this provider, or `None` when it cannot be made here."""
    if provider == "amazon-bedrock":
        return json.dumps(
            {"access_key_id": AWS_KEY_ID, "secret_access_key": "mock/secret+mock/secret+mock/secret+mock"}
        )
    if provider == "google-vertex":
        return service_account(mock)
    return KEY


def service_account(mock):
    """A key file with a key of its own, made for this run."""
    if not shutil.which("openssl"):
        return None
    make = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    made = subprocess.run(make, check=False, capture_output=True, text=True)
    if made.returncode:
        return None
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "mock",
            "private_key_id": "1a2b3c",
            "private_key": made.stdout,
            "client_email": "conformance@mock.iam.gserviceaccount.com",
            "token_uri": f"{mock}/token",
        }
    )

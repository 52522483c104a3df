"""Makes sure that the browser tests have a Chromium: installs it when that is possible, says what to do otherwise."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """0 when there is one."""
    if any(shutil.which(name) for name in NAMES):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests (once)")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, env=environment)
        if any(shutil.which(name) for name in NAMES):
            return 0
    print(
        "The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium), then run this again.\n"
        "All other tests: make test ARGS='-m \"not browser\"'",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

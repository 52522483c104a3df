"""A strict local Slack: the platform as an app sees it, for demos, rehearsals and tests."""

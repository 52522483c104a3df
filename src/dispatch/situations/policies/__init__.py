"""Which roles are filled when a situation is opened, and how: rules of a project."""

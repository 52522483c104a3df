"""The titles of the Slack plugin's settings, in order, as data: models, pages and documents are held against them."""

#: The titles of the document this product fulfils, in its order.
CONVERSATION = (
    "API Bot Token",
    "Socket Mode App Token",
    "Signing Secret",
    "App User Id",
    "Private Channels",
    "Ban Threads",
    "Timeline Event Reaction",
    "/dispatch-add-timeline-event",
    "/dispatch-assign-role",
    "/dispatch-engage-oncall",
    "/dispatch-list-incidents",
    "/dispatch-list-my-tasks",
    "/dispatch-list-participants",
    "/dispatch-list-signals",
    "/dispatch-list-tasks",
    "/dispatch-list-workflows",
    "/dispatch-report-executive",
    "/dispatch-report-incident",
    "/dispatch-report-tactical",
    "/dispatch-run-workflow",
    "/dispatch-update-incident",
    "/dispatch-notifications-group",
    "/dispatch-update-participant",
    "/dispatch-create-task",
    "/dispatch-create-case",
)
#: The group More, domain decision 14.
MORE = (
    "User OAuth Token",
    "App ID",
    "Team ID",
    "/dispatch-engage-user",
    "/dispatch-escalate-case",
    "/dispatch-update-case",
    "/dispatch-summary",
    "/dispatch",
)

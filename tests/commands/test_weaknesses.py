"""The weaknesses known of the comparable system (W-01 to W-90), each with the test that keeps it out of ours.

What concerns no command stands here with the reason. A test that is renamed has to be renamed here.
"""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

#: "path::name" below tests/, or why there is none.
PROVED: dict[int, str] = {
    1: "commands/test_table.py::test_the_table_has_every_command",  # one registry, filled at the start
    2: "commands/test_two_organizations.py::test_every_command_keeps_to_its_organization",
    3: "scenarios/test_requests_from_slack.py::test_slow_requests_hold_nobody_up_and_keep_no_connection",
    4: "scenarios/test_requests_from_slack.py::test_settings_are_read_once_per_change_not_per_request",
    5: "process/test_inbox_crash.py::test_a_thousand_acknowledged_events_have_a_thousand_effects",
    6: "commands/test_table.py::test_every_form_counts_once",
    7: "scenarios/test_requests_from_slack.py::test_slow_requests_hold_nobody_up_and_keep_no_connection",
    8: "scenarios/test_many_organizations.py::test_everybody_reports_to_their_own_and_sees_only_that",
    9: "scenarios/test_timeline_reaction.py::test_the_reaction_is_a_setting_that_holds_at_once",
    10: "scenarios/test_requests_from_slack.py::test_slow_requests_hold_nobody_up_and_keep_no_connection",
    11: "scenarios/test_requests_from_slack.py::test_slow_requests_hold_nobody_up_and_keep_no_connection",
    12: "scenarios/test_inbox.py::test_only_what_concerns_us_is_stored_and_nothing_of_it_can_be_read",
    13: "commands/test_list_incidents.py::test_what_is_going_on_is_listed",
    14: "scenarios/test_requests_from_slack.py::test_in_a_channel_of_ours_its_projects_installation_decides",
    15: "kit/slack/test_client.py::test_neither_content_nor_tokens_are_logged",
    16: "tasks/test_tasks.py::test_a_closed_form_is_let_go",
    17: "scenarios/test_requests_from_slack.py::test_what_breaks_on_our_side_is_said_to_the_person_and_never_a_500",
    18: "scenarios/test_requests_from_slack.py::test_slacks_own_checks_are_answered_before_anything_is_configured",
    19: "commands/test_limits.py::test_every_modal_opens_and_pages_whatever_there_is",
    20: "kit/slack/test_client.py::test_an_error_nobody_has_heard_of_is_not_tried_again",
    21: "plugins/test_slack_conversation.py::test_a_post_whose_answer_was_lost_is_found_and_not_repeated",
    22: "plugins/test_slack_contact.py::test_answers_expire_and_nobody_expires_sooner",
    23: "plugins/test_slack_conversation.py::test_one_who_cannot_come_keeps_nobody_out",
    24: "scenarios/test_when_things_fail.py::test_a_deactivated_commander_is_named_and_the_others_come",
    25: "scenarios/test_when_things_fail.py::test_a_name_that_a_stranger_has_gets_a_suffix",
    26: "scenarios/test_status.py::test_without_a_user_token_reopening_makes_a_successor",
    27: "plugins/test_slack_conversation.py::test_many_are_invited_in_chunks_of_thirty_and_all_members_are_read",
    28: "plugins/test_discovery.py::test_every_setting_has_a_title_and_a_description_and_one_plain_type",
    29: "projects/test_plugin_pages.py::test_saving_another_setting_leaves_the_secrets_as_they_were",
    30: "commands/test_update_incident.py::test_what_somebody_else_changed_stays",
    31: "commands/test_update_incident.py::test_what_somebody_else_changed_stays",
    32: "cases",
    33: "scenarios/test_report_incident.py::test_choosing_a_project_reloads_its_choices_and_keeps_the_text",
    34: "commands/test_update_incident.py::test_another_project_shows_its_choices_and_keeps_what_was_typed",
    35: "cases",
    36: "commands/test_add_timeline_event.py::test_a_message_is_added_once_with_its_author_and_moment",
    37: "cases",
    38: "cases",
    39: "signals",
    40: "signals",
    41: "workflows",
    42: "signals",
    43: "cases",
    44: "cases",
    45: "cases",
    46: "feedback/test_feedback.py::test_feedback_is_asked_for_and_given",
    47: "reports/test_reports.py::test_a_report_survives_a_mail_that_is_refused",
    48: "drafts by a model are not built",
    49: "monitors are not built",
    50: "scenarios/test_people_unknown_to_slack.py::test_a_commander_slack_does_not_know_is_a_participant_and_the_page_says_why",
    51: "cases: a channel belongs to one incident",
    52: "there is no such code: a channel is known by its id alone",
    53: "commands/test_two_organizations.py::test_every_command_keeps_to_its_organization",
    54: "there are no subjects of an earlier kind",
    55: "commands/test_table.py::test_a_form_is_asked_again_when_it_is_sent",
    56: "scenarios/test_talk.py::test_who_writes_in_a_channel_gets_no_account",
    57: "commands/test_buttons.py::test_an_old_button_is_asked_again",
    58: "commands/test_assign_role.py::test_refusals",
    59: "commands/test_table.py::test_what_is_missing_and_where_it_works_is_said",
    60: "commands/test_buttons.py::test_a_form_opens_with_few_calls",
    61: "commands/test_limits.py::test_every_modal_opens_and_pages_whatever_there_is",
    62: "commands/test_buttons.py::test_a_form_opens_with_few_calls",
    63: "commands/test_buttons.py::test_a_form_opens_with_few_calls",
    64: "commands/test_buttons.py::test_a_form_opens_with_few_calls",
    65: "cases",
    66: "cases",
    67: "cases",
    68: "canvases are not used",
    69: "scenarios/test_inbox.py::test_a_join_delivered_often_late_and_in_disorder_is_one_participant",
    70: "scenarios/test_when_things_fail.py::test_the_same_join_delivered_often_is_one_entry",
    71: "scenarios/test_leaving.py::test_the_guard_holds_each_time_and_is_not_fooled_by_copies",
    72: "feedback/test_feedback.py::test_feedback_is_asked_for_and_given",
    73: "commands/test_buttons.py::test_a_form_opens_with_few_calls",
    74: "commands/test_update_incident.py::test_another_project_shows_its_choices_and_keeps_what_was_typed",
    75: "scenarios/test_when_things_fail.py::test_a_missing_scope_is_named_and_the_rest_goes_on",
    76: "commands/test_table.py::test_a_form_of_an_incident_that_was_closed_says_so",
    77: "tasks/test_tasks.py::test_a_closed_form_is_let_go",
    78: "commands/test_buttons.py::test_an_old_button_is_asked_again",
    79: "plugins/test_slack_conversation.py::test_nobody_who_can_come_gives_reasons_and_no_error",
    80: "commands/test_add_timeline_event.py::test_an_event_is_written_at_its_moment",
    81: "reports hold what people wrote; tasks are a list of their own and no text is put together of them",
    82: "commands/test_limits.py::test_every_modal_opens_and_pages_whatever_there_is",
    83: "commands/test_limits.py::test_every_modal_opens_and_pages_whatever_there_is",
    84: "commands/test_list_incidents.py::test_what_is_going_on_is_listed",
    85: "commands/test_limits.py::test_every_modal_opens_and_pages_whatever_there_is",
    86: "workflows",
    87: "tasks/test_tasks.py::test_resolving_and_reopening_shows_in_the_channel_and_the_timeline",
    88: "kit/test_blocks.py::test_a_moment_is_shown_in_the_readers_zone_with_a_fallback",
    89: "scenarios/test_report_incident.py::test_a_reported_incident_comes_to_life",
    90: "commands/test_table.py::test_every_command_works_and_somebody_else_sees_it",
}


def test_every_weakness_has_its_test() -> None:
    assert list(PROVED) == list(range(1, 91))
    gone = []
    for number, where in PROVED.items():
        path, sign, name = where.partition("::")
        if sign:
            found = ast.parse((TESTS / path).read_text()).body
            if name not in {each.name for each in found if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}:
                gone.append(f"W-{number:02}: {where}")
    assert not gone

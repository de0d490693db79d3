//! What every catalog must do, method by method. An engine joins with one line: `catalog_contract!(open)`, where `open`
//! makes an empty catalog.

pub(crate) mod accounts;
pub(crate) mod administration;
pub(crate) mod api_keys;
pub(crate) mod calls;
pub(crate) mod destinations;
pub(crate) mod features;
pub(crate) mod found;
pub(crate) mod keeping;
pub(crate) mod listen_log;
pub(crate) mod login_tokens;
pub(crate) mod messages;
pub(crate) mod objects;
pub(crate) mod one_time_codes;
pub(crate) mod pages;
pub(crate) mod plans;
pub(crate) mod record_groups;
pub(crate) mod recordings;
pub(crate) mod reports;
pub(crate) mod sessions;
pub(crate) mod sounds;
pub(crate) mod tenants;
pub(crate) mod tickets;
pub(crate) mod token_pairs;
pub(crate) mod whole;

macro_rules! catalog_contract {
    ($open:path) => {
        $crate::catalog_contract::catalog_contract! { $open;
            accounts: a_profile_comes_back_as_written people_are_sorted_without_regard_to_case
                people_are_found_by_their_address customers_below_one_are_listed
                a_person_goes_with_what_is_theirs_alone what_is_left_keeps_a_customer
                a_number_is_never_given_again the_last_system_owner_stays plans_bound_people_and_customers
                a_trial_of_an_account_changes_nothing a_removal_and_a_login_at_once;
            administration: customers_are_numbered_and_kept customers_form_a_line customers_change
                people_are_unique_without_regard_to_case accounts_bring_their_rights people_change
                a_new_password_or_a_lock_out_ends_sessions roles_are_there_from_the_start
                hunt_groups_are_numbered_and_kept hunt_groups_change_owners;
            api_keys: a_key_comes_back_as_written keys_are_listed_and_revoked_within_reach
                a_key_knows_of_a_disabled_customer a_key_goes_with_its_customer_alone;
            calls: a_call_comes_back_as_written a_call_is_kept_once_as_first_told
                a_batch_is_added_whole_or_not_at_all calls_are_filtered pages_have_no_gap_and_no_repeat
                nothing_of_another_customer_is_listed calls_name_extensions_and_trunks calls_with_one_id_have_a_first_leg;
            destinations: settings_come_back_as_written settings_change_one_by_one
                two_changes_leave_no_number_behind_the_end_of_a_call levels_have_settings_of_their_own
                a_level_that_loses_its_message_plays_none a_destination_comes_back_as_written
                destinations_are_found_by_number a_plan_bounds_the_destinations_of_each_hunt_group
                removing_a_hunt_group_takes_levels_and_destinations_along
                a_trial_fails_as_the_change_would_and_changes_nothing;
            features: a_feature_comes_back_as_written features_change features_are_found_by_number
                features_are_listed_by_kind_and_id a_prompt_is_put_replaced_and_removed
                a_prompt_shares_the_audio_of_a_sound a_prompt_is_never_seen_half_replaced
                no_prompt_goes_that_was_not_noted;
            found: a_recording_is_joined_with_its_first_call what_is_found_is_what_the_filter_wants
                recordings_are_found_by_id nothing_of_another_customer_is_joined
                an_id_of_another_call_never_passes_for_a_new_one
                a_recording_goes_to_the_call_that_names_it recordings_of_a_call_id_go_to_one_call_each
                the_call_that_began_first_has_the_recording a_call_that_is_there_already_takes_no_recording;
            keeping: a_recording_is_kept_as_its_group_says a_recording_is_in_several_groups places_are_changed
                what_is_added_again_is_kept_as_long_as_if_it_were_new
                a_recording_goes_with_its_last_place what_goes_sooner_must_be_noted one_of_two_takes_the_last_place what_has_ended_is_told_in_order
                lists_are_what_the_filter_wants_in_order a_kept_recording_is_found_at_its_places_alone;
            listen_log: epochs_are_fresh entries_come_back_as_written entries_are_written_once
                heads_never_go_back entries_are_filtered a_chain_is_read_in_order;
            login_tokens: a_login_token_comes_back_as_written the_oldest_make_room
                a_login_token_needs_the_people_of_now login_tokens_are_listed_within_reach
                a_login_token_needs_what_its_person_was_let_in_by
                customers_are_found_by_name;
            messages: versions_count_up_and_are_pruned an_older_version_is_restored a_level_is_cleared
                a_sound_is_shared a_late_upload_is_refused the_same_put_twice_is_one_version
                removing_a_hunt_group_discards_its_audio nothing_goes_that_was_not_noted;
            objects: leases_end leases_are_extended an_ended_lease_refuses_the_upload
                needed_audio_is_listed_with_its_user known_objects_are_told_from_strangers;
            one_time_codes: a_secret_is_replaced_until_it_is_confirmed a_code_is_used_once
                confirming_ends_what_was_got_without_a_code;
            pages: lists_have_no_gap_and_no_repeat;
            plans: without_hunt_groups_none_are_added the_largest_file_is_bound the_total_counts_versions_and_sounds
                a_refused_message_leaves_no_trace a_replaced_sound_makes_room twenty_at_once_share_one_total
                plans_bind_their_own_customer_alone prompts_count_like_messages the_total_stays_that_of_what_is_kept;
            record_groups: a_record_group_comes_back_as_written a_record_group_changes_one_by_one
                a_plan_without_record_groups_forbids_them hunt_groups_refer_to_record_groups_of_their_customer;
            recordings: a_recording_comes_back_as_written the_same_name_is_taken_once
                adding_twice_is_adding_once what_is_missing_is_told removal_discards_the_object
                no_recording_goes_that_was_not_noted
                fifty_at_once_for_one_name;
            reports: a_call_is_joined_by_its_id_and_told_once_more a_target_comes_back_as_written a_call_is_due_at_once_or_with_its_recording
                an_overdue_call_is_reported_twice every_target_has_a_list_of_its_own
                what_is_refused_is_set_aside_and_sent_again a_place_that_is_left_keeps_nothing_waiting
                a_place_is_left_by_its_last_session_alone a_session_that_slid_does_not_move_back
                what_waits_moves_before_what_was_set_aside only_so_many_places_are_kept_for_nobody upkeep_of_many_reports_goes_in_parts what_is_sent_again_waits_for_a_day_of_its_own
                old_reports_are_set_aside_and_forgotten nobody_is_told_of_another_customers_call
                legs_of_a_call_are_told_with_a_recording_each;
            sessions: sessions_come_back_as_written a_session_is_renewed_once changing_does_not_bring_back
                a_session_begins_only_with_the_password_of_now;
            sounds: a_sound_is_made_then_filled a_sound_changes a_sound_is_replaced_and_removed
                a_sound_loses_its_file a_shared_sound_is_found_by_all a_plan_without_sounds_adds_changes_and_fills_none
                no_file_of_a_sound_goes_that_was_not_noted;
            tenants: nothing_of_another_customer_is_found;
            tickets: a_ticket_comes_back_as_written only_one_of_two_hundred_claims
                a_ticket_ends tickets_are_revoked_and_pruned;
            token_pairs: a_pair_comes_back_as_written only_so_many_are_alive one_of_many_renews
                a_pair_needs_the_person_of_now;
            whole: a_failing_unit_takes_no_neighbour_along a_read_sees_every_answered_write
                a_closed_catalog_says_so an_untouched_catalog_has_no_faults;
        }
    };
    ($open:path; $($subject:ident: $($case:ident)*;)*) => {$(
        mod $subject {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bench = $open().await;
                    $crate::catalog_contract::$subject::$case(&bench).await;
                    assert_eq!(bench.catalog.self_check().await.unwrap_or_default(), Vec::<String>::new());
                }
            )*
        }
    )*};
}

pub(crate) use catalog_contract;

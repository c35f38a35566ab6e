-- The bureau's database as programs with schema 14 made it in SQLite, for the test of directories from before (tests/e2e/city.sh).
CREATE TABLE schema_version (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
-- 1 enrolment
INSERT INTO schema_version VALUES (1, 'enrolment');
CREATE TABLE enrol_code (hash BLOB NOT NULL PRIMARY KEY, device TEXT NOT NULL, role TEXT NOT NULL, station TEXT NOT NULL, list_id TEXT NOT NULL, who TEXT NOT NULL, created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL DEFAULT 0);
CREATE TABLE device (device TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, station TEXT NOT NULL, list_id TEXT NOT NULL, tls_point BLOB NOT NULL, device_point BLOB, suspended BIGINT NOT NULL DEFAULT 0, enrolled_ms BIGINT NOT NULL, certificate_end_ms BIGINT NOT NULL);
CREATE INDEX device_of_station ON device (station);
CREATE INDEX device_of_key ON device (tls_point);
CREATE TABLE certificate (device TEXT NOT NULL, serial BLOB NOT NULL, issued_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (device, serial));
CREATE TABLE device_change (device TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (device, number));
-- 2 journal
INSERT INTO schema_version VALUES (2, 'journal');
CREATE TABLE journal_entry (controller TEXT NOT NULL, sequence BIGINT NOT NULL, bytes BLOB NOT NULL, hash BLOB NOT NULL, head_signature BLOB, station TEXT NOT NULL, arrived_ms BIGINT NOT NULL, marks BIGINT NOT NULL, kind BIGINT NOT NULL, wall_ms BIGINT NOT NULL, clock_quality BIGINT NOT NULL, code TEXT NOT NULL, plate TEXT NOT NULL, operator_id TEXT NOT NULL, medium BIGINT NOT NULL, identity BIGINT NOT NULL, reason BIGINT NOT NULL, stop BIGINT NOT NULL, event BIGINT NOT NULL, quantity_g BIGINT NOT NULL, start_inventory_g BIGINT NOT NULL, inventory_g BIGINT NOT NULL, meter_state BIGINT NOT NULL, authorised_sequence BIGINT NOT NULL, list_id TEXT NOT NULL, list_version BIGINT NOT NULL, PRIMARY KEY (controller, sequence));
CREATE INDEX journal_entry_of_code ON journal_entry (code, wall_ms) WHERE code <> '';
CREATE TABLE journal_head (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL, head BLOB NOT NULL, receipt BLOB NOT NULL, station TEXT NOT NULL, arrived_ms BIGINT NOT NULL, gap_since_ms BIGINT NOT NULL DEFAULT 0, gap_sequence BIGINT NOT NULL DEFAULT 0);
CREATE TABLE journal_evidence (controller TEXT NOT NULL, number BIGINT NOT NULL, digest BLOB NOT NULL, kind BIGINT NOT NULL, arrived_ms BIGINT NOT NULL, peer TEXT NOT NULL, sequence BIGINT NOT NULL, signed BIGINT NOT NULL, batch BLOB NOT NULL, PRIMARY KEY (controller, number));
CREATE TABLE device_report (device TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, via TEXT NOT NULL, contact_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, clock_quality BIGINT NOT NULL, clock_offset_ms BIGINT NOT NULL, list_id TEXT NOT NULL, list_version BIGINT NOT NULL, list_issued_ms BIGINT NOT NULL, last_sequence BIGINT NOT NULL, unsent BIGINT NOT NULL, oldest_unsent_ms BIGINT NOT NULL, disk_free_bytes BIGINT NOT NULL, version TEXT NOT NULL);
CREATE TABLE follow (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL, meter_known BIGINT NOT NULL, meter_g BIGINT NOT NULL, meter_sequence BIGINT NOT NULL, fill_open BIGINT NOT NULL, unaccounted_g BIGINT NOT NULL, unaccounted_sequence BIGINT NOT NULL);
CREATE TABLE alarm (kind BIGINT NOT NULL, subject TEXT NOT NULL, since_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, count BIGINT NOT NULL, controller TEXT NOT NULL, station TEXT NOT NULL, code TEXT NOT NULL, sequence BIGINT NOT NULL, detail TEXT NOT NULL, closed_ms BIGINT NOT NULL, closed_by TEXT NOT NULL, closed_why TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (kind, subject, number));
CREATE UNIQUE INDEX alarm_open ON alarm (kind, subject) WHERE closed_ms = 0;
-- 3 registry
INSERT INTO schema_version VALUES (3, 'registry');
CREATE TABLE cylinder (code TEXT NOT NULL PRIMARY KEY, uid BLOB NOT NULL, state BIGINT NOT NULL, medium BIGINT NOT NULL, first_fill_pending BIGINT NOT NULL, nominal_kpa BIGINT NOT NULL, capacity_dl BIGINT NOT NULL, tare_g BIGINT NOT NULL, maximum_fill_g BIGINT NOT NULL, inspection_due BIGINT NOT NULL, end_of_life BIGINT NOT NULL, owner TEXT NOT NULL, plate TEXT NOT NULL, area TEXT NOT NULL);
CREATE INDEX cylinder_of_plate ON cylinder (plate);
CREATE TABLE station (station TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, area TEXT NOT NULL, latitude_udeg BIGINT NOT NULL, longitude_udeg BIGINT NOT NULL, list_medium BIGINT NOT NULL, list_days BIGINT NOT NULL, rules TEXT NOT NULL);
CREATE TABLE point (point TEXT NOT NULL PRIMARY KEY, station TEXT NOT NULL, controller TEXT NOT NULL, medium BIGINT NOT NULL, note TEXT NOT NULL);
CREATE INDEX point_of_controller ON point (controller);
CREATE TABLE operator (operator TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, card_uid BLOB NOT NULL, certificate_end BIGINT NOT NULL, station TEXT NOT NULL);
CREATE TABLE change (kind TEXT NOT NULL, subject TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL, field TEXT NOT NULL, old_value TEXT NOT NULL, new_value TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (kind, subject, number));
CREATE TABLE list_version (list_id TEXT NOT NULL, version BIGINT NOT NULL, root BLOB NOT NULL, rules BLOB NOT NULL, row_count BIGINT NOT NULL, issued_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, published_ms BIGINT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (list_id, version));
-- 4 made
INSERT INTO schema_version VALUES (4, 'made');
ALTER TABLE cylinder ADD COLUMN made BIGINT NOT NULL DEFAULT 0;
-- 5 pin
INSERT INTO schema_version VALUES (5, 'pin');
ALTER TABLE operator ADD COLUMN pin_rounds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operator ADD COLUMN pin_salt BLOB NOT NULL DEFAULT '';
ALTER TABLE operator ADD COLUMN pin_digest BLOB NOT NULL DEFAULT '';
CREATE INDEX operator_of_station ON operator (station);
-- 6 history
INSERT INTO schema_version VALUES (6, 'history');
DROP INDEX journal_entry_of_code;
CREATE INDEX journal_entry_of_code ON journal_entry (code, wall_ms, controller, sequence) WHERE code <> '';
CREATE INDEX journal_entry_of_plate ON journal_entry (plate, wall_ms, controller, sequence) WHERE plate <> '';
CREATE INDEX journal_entry_of_time ON journal_entry (wall_ms, controller, sequence);
CREATE INDEX journal_entry_of_class ON journal_entry ((kind * 16777216 + medium * 65536 + identity * 256 + reason), wall_ms, controller, sequence);
CREATE INDEX journal_entry_of_station ON journal_entry (station, (kind * 16777216 + medium * 65536 + identity * 256 + reason), wall_ms, controller, sequence);
CREATE INDEX journal_entry_of_controller ON journal_entry (controller, station, (kind * 16777216 + medium * 65536 + identity * 256 + reason), wall_ms, sequence);
CREATE INDEX journal_entry_of_operator ON journal_entry (operator_id, controller, (kind * 16777216 + medium * 65536 + identity * 256 + reason), wall_ms, sequence) WHERE operator_id <> '';
-- 7 users
INSERT INTO schema_version VALUES (7, 'users');
CREATE TABLE web_user (login TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL, must_change BIGINT NOT NULL, suspended BIGINT NOT NULL DEFAULT 0, totp_secret BLOB NOT NULL DEFAULT '', totp_pending BLOB NOT NULL DEFAULT '', totp_step BIGINT NOT NULL DEFAULT 0, created_ms BIGINT NOT NULL, signed_in_ms BIGINT NOT NULL DEFAULT 0);
CREATE TABLE web_user_change (login TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (login, number));
CREATE TABLE web_session (hash BLOB NOT NULL PRIMARY KEY, login TEXT NOT NULL, created_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL);
CREATE INDEX web_session_of_user ON web_session (login, seen_ms);
CREATE TABLE web_known (login TEXT NOT NULL, mark BLOB NOT NULL, seen_ms BIGINT NOT NULL, PRIMARY KEY (login, mark));
CREATE TABLE trail (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, outcome TEXT NOT NULL, hash BLOB NOT NULL);
CREATE INDEX trail_of_user ON trail (login, number);
CREATE INDEX trail_of_action ON trail (action, number);
CREATE TABLE trail_tip (one BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, hash BLOB NOT NULL);
INSERT INTO trail_tip (one, number, hash) VALUES (1, 0, '');
CREATE TABLE trail_head (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, hash BLOB NOT NULL, key_id BLOB NOT NULL, signature BLOB NOT NULL);
-- 8 cases
INSERT INTO schema_version VALUES (8, 'cases');
CREATE TABLE hazard_case (number BIGINT NOT NULL PRIMARY KEY, state BIGINT NOT NULL, version BIGINT NOT NULL, alarm_kind BIGINT NOT NULL, alarm_subject TEXT NOT NULL, alarm_number BIGINT NOT NULL, alarm_ended_ms BIGINT NOT NULL DEFAULT 0, opened_ms BIGINT NOT NULL, opened_by TEXT NOT NULL, station TEXT NOT NULL, controller TEXT NOT NULL, code TEXT NOT NULL, words TEXT NOT NULL, assigned TEXT NOT NULL DEFAULT '', orders BIGINT NOT NULL DEFAULT 0, order_text TEXT NOT NULL DEFAULT '', recipient TEXT NOT NULL DEFAULT '', due_day BIGINT NOT NULL DEFAULT 0, ordered_ms BIGINT NOT NULL DEFAULT 0, ordered_by TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '', answered_by TEXT NOT NULL DEFAULT '', answered_ms BIGINT NOT NULL DEFAULT 0, closed_ms BIGINT NOT NULL DEFAULT 0, closed_by TEXT NOT NULL DEFAULT '', closed_why TEXT NOT NULL DEFAULT '');
CREATE INDEX hazard_case_of_state ON hazard_case (state, number);
CREATE INDEX hazard_case_of_station ON hazard_case (station, number);
CREATE INDEX hazard_case_of_assigned ON hazard_case (assigned, number);
CREATE INDEX hazard_case_opened ON hazard_case (opened_ms);
CREATE INDEX hazard_case_not_closed ON hazard_case (number) WHERE closed_ms = 0;
CREATE UNIQUE INDEX hazard_case_of_alarm ON hazard_case (alarm_kind, alarm_subject) WHERE closed_ms = 0 AND alarm_kind > 0;
CREATE TABLE hazard_step (number BIGINT NOT NULL, place BIGINT NOT NULL, at_ms BIGINT NOT NULL, step BIGINT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, party TEXT NOT NULL, words TEXT NOT NULL, due_day BIGINT NOT NULL, PRIMARY KEY (number, place));
CREATE TABLE hazard_counter (one BIGINT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);
INSERT INTO hazard_counter (one, last) VALUES (1, 0);
ALTER TABLE alarm ADD COLUMN case_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN case_noted BIGINT NOT NULL DEFAULT 0;
UPDATE alarm SET case_number = -1, case_noted = 1 WHERE closed_ms > 0;
CREATE INDEX alarm_without_case ON alarm (since_ms) WHERE case_number = 0;
CREATE INDEX alarm_end_not_noted ON alarm (closed_ms) WHERE closed_ms > 0 AND case_noted = 0;
-- 9 exports
INSERT INTO schema_version VALUES (9, 'exports');
CREATE TABLE web_export (id TEXT NOT NULL PRIMARY KEY, login TEXT NOT NULL, ended_ms BIGINT NOT NULL, done BIGINT NOT NULL, records BIGINT NOT NULL, bytes BIGINT NOT NULL, sha256 BLOB NOT NULL, signed TEXT NOT NULL, signature BLOB NOT NULL, key_id BLOB NOT NULL);
CREATE TABLE sample (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL, of_kind BIGINT NOT NULL, wanted BIGINT NOT NULL, seed TEXT NOT NULL, seed_given BIGINT NOT NULL, station TEXT NOT NULL, medium BIGINT NOT NULL, outcome BIGINT NOT NULL, from_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, population BIGINT NOT NULL, digest BLOB NOT NULL, signed TEXT NOT NULL, signature BLOB NOT NULL, key_id BLOB NOT NULL);
CREATE TABLE sample_key (number BIGINT NOT NULL, place BIGINT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (number, place));
CREATE TABLE sample_counter (one BIGINT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);
INSERT INTO sample_counter (one, last) VALUES (1, 0);
-- 10 days
INSERT INTO schema_version VALUES (10, 'days');
CREATE TABLE station_day (day BIGINT NOT NULL, station TEXT NOT NULL, kind BIGINT NOT NULL, reason BIGINT NOT NULL, entries BIGINT NOT NULL, quantity_g BIGINT NOT NULL, PRIMARY KEY (day, station, kind, reason));
CREATE INDEX station_day_of_station ON station_day (station);
CREATE TABLE station_night (station TEXT NOT NULL, day BIGINT NOT NULL, entries BIGINT NOT NULL, PRIMARY KEY (station, day));
CREATE TABLE controller_sum (controller TEXT NOT NULL, kind BIGINT NOT NULL, entries BIGINT NOT NULL, quantity_g BIGINT NOT NULL, PRIMARY KEY (controller, kind));
CREATE TABLE sum_follow (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL, utc_offset_min BIGINT NOT NULL);
CREATE TABLE finding (controller TEXT NOT NULL, sequence BIGINT NOT NULL, found_ms BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (controller, sequence));
CREATE TABLE verified (controller TEXT NOT NULL PRIMARY KEY, whole_ms BIGINT NOT NULL, checked_ms BIGINT NOT NULL, findings BIGINT NOT NULL);
CREATE INDEX cylinder_of_area ON cylinder (area, state, inspection_due);
CREATE INDEX point_of_station ON point (station);
CREATE INDEX alarm_of_station ON alarm (station, closed_ms);
CREATE INDEX alarm_of_code ON alarm (code) WHERE code <> '';
CREATE INDEX alarm_of_controller ON alarm (controller) WHERE controller <> '';
CREATE INDEX alarm_of_time ON alarm (since_ms);
-- 11 plates
INSERT INTO schema_version VALUES (11, 'plates');
DROP INDEX cylinder_of_plate;
CREATE INDEX cylinder_of_plate ON cylinder (plate, code);
-- 12 repeats
INSERT INTO schema_version VALUES (12, 'repeats');
ALTER TABLE journal_entry ADD COLUMN repeats BIGINT NOT NULL DEFAULT 1;
-- 13 entry details
INSERT INTO schema_version VALUES (13, 'entry details');
ALTER TABLE journal_entry ADD COLUMN second_person TEXT NOT NULL DEFAULT '';
ALTER TABLE journal_entry ADD COLUMN operator_proof BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN second_proof BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN checks_failed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN repeat_first_wall_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN repeat_last_wall_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN clock_floor_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_entry ADD COLUMN clock_floor_before_ms BIGINT NOT NULL DEFAULT 0;
-- 14 operator names
INSERT INTO schema_version VALUES (14, 'operator names');
CREATE INDEX operator_of_name ON operator (LOWER(operator));

/* The handlers of the pages' requests, by subject; web_routes.c puts them into the table. Each relies on what
 * the guard promises (web_call.h). */
#ifndef FG_HOST_BUREAU_API_HANDLERS_H
#define FG_HOST_BUREAU_API_HANDLERS_H

#include "host/bureau/web/web_call.h"

/* page_texts.c */
enum fg_err fg_web_texts_show(struct fg_web_call *call, struct fg_error *error);

/* lists.c */
enum fg_err fg_web_cylinders_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_stations_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_alarms_list(struct fg_web_call *call, struct fg_error *error);

/* entries.c */
enum fg_err fg_web_entries_list(struct fg_web_call *call, struct fg_error *error);

/* proofs.c */
enum fg_err fg_web_proof_show(struct fg_web_call *call, struct fg_error *error);

/* users.c */
enum fg_err fg_web_users_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_users_add(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_users_change(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_users_password(struct fg_web_call *call, struct fg_error *error);

/* cases.c */
enum fg_err fg_web_cases_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_case_open(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_case_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_case_step(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_case_order(struct fg_web_call *call, struct fg_error *error);
/* entry_page.c */
enum fg_err fg_web_entry_show(struct fg_web_call *call, struct fg_error *error);

/* dossiers.c */
enum fg_err fg_web_cylinder_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_vehicle_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_operator_show(struct fg_web_call *call, struct fg_error *error);

/* stations.c */
enum fg_err fg_web_station_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_point_show(struct fg_web_call *call, struct fg_error *error);

/* overview.c */
enum fg_err fg_web_overview_show(struct fg_web_call *call, struct fg_error *error);

/* records.c */
enum fg_err fg_web_registry_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_registry_change(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_vehicle_change(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_operator_pin(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_registry_import(struct fg_web_call *call, struct fg_error *error);

/* publications.c */
enum fg_err fg_web_lists_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_list_publish(struct fg_web_call *call, struct fg_error *error);

/* devices.c */
enum fg_err fg_web_devices_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_device_suspend(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_device_resume(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_device_code(struct fg_web_call *call, struct fg_error *error);

/* public_lookup.c */
enum fg_err fg_web_public_cylinder(struct fg_web_call *call, struct fg_error *error);

#endif

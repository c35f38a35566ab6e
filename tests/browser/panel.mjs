/* The tests of the operator's panel, in the order in which the point beneath them lives: no list, people, refusals, fills, connection,
 * rules, and at last the controller itself. Not: the tests themselves (panel_*.mjs). */
import { launch, misdeeds } from './browser.mjs';
import { check, finish, test } from './harness.mjs';
import { testConnection, testPairing } from './panel_connection.mjs';
import { testFills } from './panel_fills.mjs';
import { testController, testPeople } from './panel_people.mjs';
import { testRecorded } from './panel_recorded.mjs';
import { testNoList, testRules, testTags } from './panel_refusals.mjs';

const browser = await launch(['--host-resolver-rules=MAP panel.example 127.0.0.1']);
/* Beside the others: it needs nothing of the point but the link's files. */
const recorded = testRecorded(browser);
await testNoList(browser);
await testPeople(browser);
await testTags(browser);
await testFills(browser);
await recorded;
await testConnection(browser);
await testRules(browser);
await testController(browser);
await testPairing(browser);
await test('no page wrote an error on its console or asked for anything elsewhere', () => check(misdeeds.length === 0, misdeeds.join('\n')));
await browser.close();
process.exit(finish());

; The relay board of the simulated point with its emergency stop alone: the buttons are read from the button box
; (buttons.profile), so that either can fail without the other.
[device]
name = Simulated relay and emergency stop
source = boards/sim; outputs as Waveshare Modbus RTU Relay 8CH (boards/profiles/waveshare-relay-8ch.profile)
block_gap = 0
silence_ms = 0

[output valve]
form = timed
table = coil
address = 0
base = 0
timed_address = 0x0200
tick_ms = 100
release_ms = 300

[output green]
form = plain
table = coil
address = 1
base = 0

[output red]
form = plain
table = coil
address = 2
base = 0

[signal valve_open]
table = coil
address = 0
base = 0
type = bit
active = 1

[signal emergency_stop]
table = discrete
address = 0
base = 0
type = bit
active = 1

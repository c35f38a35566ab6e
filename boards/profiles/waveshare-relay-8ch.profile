; Relay board. Valve (normally closed, spring return) on relay 1, green lamp on relay 2, red on relay 3.
; The timed on is the board's "flash on": it lets the relay go by itself after N x 100 ms. That writing it
; again while it runs starts the time anew is not in the board's manual: test it at commissioning.
[device]
name = Waveshare Modbus RTU Relay 8CH
source = github nobrega8/mbmap-library, waveshare map: coils 0-7, FC 05 to 0x0200+n in 100 ms units
block_gap = 0
silence_ms = 5

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

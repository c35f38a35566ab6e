; The button box of the simulated point, unit 5.
[device]
name = Simulated button box
source = boards/sim
block_gap = 0
silence_ms = 0

[signal start_button]
table = discrete
address = 0
base = 0
type = bit
active = 1

[signal stop_button]
table = discrete
address = 1
base = 0
type = bit
active = 1

#!/usr/bin/env python3
"""Makes events and correlation rules for scripts/bench-correlation. The same seed gives the same bytes.

Events are logons as JSON lines in order of time, over ten days, with KEYS distinct addresses, each with an account of its own. Half of them
come from an address that is busy for a day, half from any; now and then one address fails to log on many times in a row. The
rules are in two folders: "windows" has each type of correlation with windows of an hour to a day; in "open" a
window is 30 days long, so that every group stays open to the end.
usage: correlation-events.py FOLDER [EVENTS] [KEYS] [SEED]"""
import os, random, sys

folder, count, keys, seed = sys.argv[1], *(int(x) for x in (sys.argv[2:] + ['1000000', '100000', '1'][len(sys.argv) - 2:]))
BASE = """title: {name}
name: {name}
id: 00000000-0000-4000-8000-{n:012d}
logsource: {{product: windows, service: security}}
detection:
  selection: {{EventID: {ids}}}
  condition: selection
---
"""
RULE = """title: {title}
name: {title}
id: 00000000-0000-4000-9000-{n:012d}
level: high
correlation:
  type: {type}
  rules: [{rules}]
  group-by: [{by}]
  timespan: {span}
{condition}---
"""
BASES = {'any_logon': '[4624, 4625, 4634]', 'logon': 4624, 'failed': 4625, 'logoff': 4634}
WINDOWS = [
    ('many_failed', 'event_count', 'failed', 'IpAddress', '1h', '{gte: 20}'),
    ('many_events', 'event_count', 'any_logon', 'TargetUserName', '1d', '{gte: 60}'),
    ('exactly', 'event_count', 'failed', 'IpAddress', '1h', '{eq: 12}'),
    ('many_hosts', 'value_count', 'any_logon', 'IpAddress', '4h', '{field: Computer, gte: 12}'),
    ('much_sent', 'value_sum', 'logoff', 'TargetUserName', '1d', '{field: Bytes, gte: 20000}'),
    ('high_load', 'value_avg', 'logoff', 'IpAddress', '4h', '{field: Bytes, gte: 999}'),
    ('high_median', 'value_percentile', 'any_logon', 'IpAddress', '4h', '{field: Bytes, percentile: 50, gte: 999}'),
    ('together', 'temporal', 'failed, logon, many_failed', 'IpAddress', '30m', None),
    ('in_order', 'temporal_ordered', 'many_failed, logon, logoff', 'IpAddress', '4h', None),
    ('steps', 'temporal_ordered', 'logoff, failed, logon', 'IpAddress', '1m', None),
]
OPEN = [('all_open', 'event_count', 'any_logon', 'IpAddress', '30d', '{gte: 40}')]


def rules(name, wanted):
    os.makedirs(os.path.join(folder, name))
    with open(os.path.join(folder, name, 'rules.yml'), 'w') as out:
        for n, (base, ids) in enumerate(BASES.items()):
            if any(base in rule[2].split(', ') for rule in wanted):  # one alone would give a finding for each event
                out.write(BASE.format(name=base, n=n, ids=ids))
        for n, (title, kind, refs, by, span, condition) in enumerate(wanted):
            condition = f'  condition: {condition}\n' if condition else ''
            out.write(RULE.format(title=title, n=n, type=kind, rules=refs, by=by, span=span, condition=condition))


def main():
    rnd = random.Random(seed)
    draw, below = rnd.random, lambda n: int(rnd.random() * n)
    span = 10 * 86400 * 1000
    busy = max(keys // 10, 1)
    burst = left = 0
    os.makedirs(os.path.join(folder, 'logs'))
    with open(os.path.join(folder, 'logs', 'events.json'), 'w', buffering=1 << 20) as out:
        for n in range(count):
            if left:
                key, event, left = burst, 4625, left - 1
            elif draw() < 1 / 20000:
                burst, left = below(keys), 30
                key, event = burst, 4625
            else:
                event = (4624, 4625, 4634)[n % 3]
                if n < keys:
                    key = n * 7919 % keys if keys % 7919 else n  # every key has its event
                elif n & 1:
                    key = below(keys)
                else:
                    key = (n * keys // count + below(busy)) % keys
            at = n * span // count
            day, rest = divmod(at, 86400000)
            minute, milli = divmod(rest, 60000)
            out.write(f'{{"@timestamp":"2026-03-{day + 1:02d}T{minute // 60:02d}:{minute % 60:02d}:{milli // 1000:02d}.{milli % 1000:03d}Z","Channel":"Security",'
                      f'"EventID":{event},"RecordNumber":{n + 1},"Computer":"PC{below(500)}","IpAddress":"10.{key >> 16}.{key >> 8 & 255}.{key & 255}",'
                      f'"TargetUserName":"user{key}","Bytes":{below(1000)}}}\n')


rules('windows', WINDOWS)
rules('open', OPEN)
main()

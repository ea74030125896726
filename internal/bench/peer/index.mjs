// The queue that Longhaul replaces, as one would write it: so many at once, so far apart, each failure caught.
//
// It reads its items, says "ready", waits to be told "go", sends them, says as JSON how long that took, and stays until
// its input ends, so that what it has used can be read.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Queue } from 'async-await-queue';

const { url, items: file, inFlight, interval } = JSON.parse(process.argv[2]);
const items = readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

async function send(item, position) {
  const response = await fetch(`${url}/dispatches`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `peer-${position}` },
    body: JSON.stringify(item),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${answer}`);
}

const input = createInterface({ input: process.stdin });
input.once('line', async () => {
  const began = performance.now();
  const queue = new Queue(inFlight, interval);
  let failed = 0;
  await Promise.all(items.map((item, i) => queue.run(() => send(item, i + 1)).catch((error) => {
    failed++;
    console.error(error);
  })));
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, failed }));
});
input.once('close', () => process.exit());
console.log('ready');

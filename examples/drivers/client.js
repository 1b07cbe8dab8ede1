// One client library through all scenarios, in a process of its own: nothing that goes wrong may end it.
import { CLIENTS } from './clients/index.js';
import { CONTROLS, OWN, SCENARIOS } from './scenarios.js';
import { Trial } from './trial.js';

const MOST = 90_000; // milliseconds for one scenario
const { client, only, ...where } = JSON.parse(process.argv[2]);
let current;

for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => current?.crashed(event, error));
}

const library = await CLIENTS[client]();
for (const [scenario, run] of Object.entries({ ...SCENARIOS, ...OWN[client], ...CONTROLS[client] })) {
  if (only && only !== scenario) continue;
  const trial = (current = new Trial(client, library, scenario, where));
  const begin = performance.now();
  let watch;
  const tooLong = new Promise((_, reject) => {
    watch = setTimeout(() => reject(new Error(`not done after ${MOST / 1000} s`)), MOST);
  });
  try {
    await trial.begin();
    await Promise.race([run(trial), tooLong]);
    await trial.end();
  } catch (error) {
    trial.miss(error.stack);
  }
  clearTimeout(watch);
  process.send({ ...trial.result(), seconds: (performance.now() - begin) / 1000 });
}
process.exit(0); // whatever a library has left open

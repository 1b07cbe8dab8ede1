// Lines, areas and bars over the steps of the timeline, as SVG. Sizes are those of the element; strokes do not scale.

const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 600;
const HEIGHT = 100;
/** Room above the highest value. */
const HEAD = 6;

function element(parent, name, kind) {
  const made = document.createElementNS(NAMESPACE, name);
  made.setAttribute('class', kind);
  parent.append(made);
  return made;
}

/** The next round number that is not below a value, so that the scale does not move with each step. */
export function roundUp(value) {
  if (value <= 0) {
    return 0;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((round) => round >= value * 0.999);
}

/** One chart in an svg element; series are arrays of numbers or null, oldest first, the newest at the right. */
export class Chart {
  constructor(svg, steps) {
    this.steps = steps;
    this.count = 0;
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    this.grid = element(svg, 'path', 'grid');
    this.bars = element(svg, 'path', 'bars');
    this.area = element(svg, 'path', 'area');
    this.line = element(svg, 'path', 'line');
    this.cursor = element(svg, 'path', 'cursor');
    this.svg = svg;
  }

  /**
   * @param line values of the line; null makes a gap
   * @param max the value at the top
   * @param filled whether the room below the line is filled
   * @param bars values of bars behind it, on a scale of their own
   */
  draw({ line, max, filled = false, bars = [] }) {
    this.count = line.length;
    const y = (value) => HEIGHT - (max > 0 ? Math.min(1, value / max) : 0) * (HEIGHT - HEAD);
    const runs = this.runs(line);
    const path = (run) => run.map(([step, value]) => `${this.x(step)},${y(value).toFixed(1)}`).join('L');
    this.grid.setAttribute('d', `M0,${HEAD}H${WIDTH}M0,${(HEIGHT + HEAD) / 2}H${WIDTH}`);
    // A single step has no length; half a step to the left makes it visible.
    this.line.setAttribute('d', runs.map((run) => `M${path(run)}${run.length === 1 ? 'h-3' : ''}`).join(''));
    this.area.setAttribute(
      'd',
      filled ? runs.map((run) => `M${this.x(run[0][0])},${HEIGHT}L${path(run)}V${HEIGHT}Z`).join('') : '',
    );
    const most = Math.max(1, ...bars);
    const width = (WIDTH / this.steps) * 0.8;
    this.bars.setAttribute(
      'd',
      bars
        .map((value, step) =>
          value > 0
            ? `M${this.x(step) - width},${HEIGHT}v${(-(HEIGHT - HEAD) * Math.max(0.12, value / most)).toFixed(1)}h${width}V${HEIGHT}Z`
            : '',
        )
        .join(''),
    );
  }

  /** The stretches of a line without gaps, as pairs of step and value. */
  runs(line) {
    const runs = [];
    let run = null;
    line.forEach((value, step) => {
      if (value === null) {
        run = null;
      } else if (run) {
        run.push([step, value]);
      } else {
        run = [[step, value]];
        runs.push(run);
      }
    });
    return runs;
  }

  x(step) {
    return Math.round(((this.steps - this.count + step + 1) / this.steps) * WIDTH * 10) / 10;
  }

  /** The step below the pointer; null if there is none. */
  stepAt(event) {
    const box = this.svg.getBoundingClientRect();
    const step = Math.ceil(((event.clientX - box.left) / box.width) * this.steps) - 1 - (this.steps - this.count);
    return step >= 0 && step < this.count ? step : null;
  }

  /** Marks a step; null: none. */
  mark(step) {
    this.cursor.setAttribute('d', step === null ? '' : `M${this.x(step)},0V${HEIGHT}`);
  }
}

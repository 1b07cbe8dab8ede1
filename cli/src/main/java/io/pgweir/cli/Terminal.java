package io.pgweir.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The terminal that this process runs in, asked and set by {@code stty}; for one who shows and reads keys. */
final class Terminal implements AutoCloseable {
    /** The other screen, without a cursor; and back. */
    private static final String ENTER = "\u001b[?1049h\u001b[?25l";

    private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";
    private static final long LOOK_MILLIS = 50;
    private static final int DEFAULT_ROWS = 24;
    private static final int DEFAULT_COLUMNS = 80;

    private final PrintStream out;
    private final InputStream in;
    private final String before;
    private final Thread atExit = new Thread(this::restore, "pgweir-terminal");
    private boolean restored;

    /** How large it is. */
    record Size(int rows, int columns) {}

    private Terminal(PrintStream out, InputStream in, String before) {
        this.out = out;
        this.in = in;
        this.before = before;
    }

    /** Whether somebody sits at both ends. */
    static boolean isThere() {
        try {
            Process test = new ProcessBuilder("sh", "-c", "test -t 0 && test -t 1")
                    .inheritIO()
                    .start();
            return test.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Takes it over, until this is closed or the process ends.
     *
     * @throws IOException if it cannot be set
     */
    static Terminal open(PrintStream out, InputStream in) throws IOException {
        Terminal terminal = new Terminal(out, in, stty("-g"));
        stty("-icanon", "-echo", "min", "1");
        Runtime.getRuntime().addShutdownHook(terminal.atExit);
        out.print(ENTER);
        return terminal;
    }

    Size size() {
        try {
            String[] both = stty("size").split(" ");
            int rows = Integer.parseInt(both[0]);
            int columns = Integer.parseInt(both[1]);
            return new Size(rows > 0 ? rows : DEFAULT_ROWS, columns > 0 ? columns : DEFAULT_COLUMNS);
        } catch (IOException | RuntimeException e) {
            return new Size(DEFAULT_ROWS, DEFAULT_COLUMNS);
        }
    }

    /** Shows these lines, as much of them as there is room for. */
    synchronized void show(List<String> lines) {
        if (restored) {
            return; // the process ends
        }
        Size size = size();
        StringBuilder screen = new StringBuilder(HOME);
        List<String> fitting = lines.stream()
                .flatMap(line -> Columns.fit(line, size.columns).stream())
                .toList();
        int rows = Math.min(fitting.size(), size.rows);
        for (int i = 0; i < rows; i++) {
            screen.append(fitting.get(i)).append(CLEAR_LINE).append(i < rows - 1 ? "\r\n" : "");
        }
        out.print(screen.append(CLEAR_BELOW));
        out.flush();
    }

    /** The next key; -1 if none comes within so long. The end of the input counts as {@code q}. */
    int key(long millis) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() - end < 0) {
            if (in.available() > 0) {
                int key = in.read();
                return key < 0 ? 'q' : key;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return -1;
    }

    private static String stty(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = "stty";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            if (process.waitFor() != 0) {
                throw new IOException("stty " + String.join(" ", arguments) + " has failed");
            }
            return answer;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private synchronized void restore() {
        if (restored) {
            return;
        }
        restored = true;
        out.print(LEAVE);
        out.flush();
        try {
            stty(before);
        } catch (IOException e) {
            out.println("the terminal could not be set back: stty sane does it");
        }
    }

    @Override
    public void close() {
        restore();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}

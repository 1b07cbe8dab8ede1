package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one client does from its login to its end.
 *
 * @param number which it is of a run; names and keys that must be its own carry it
 * @param seed what it was made of
 * @param startup startup parameters besides user and database
 * @param polite whether the end is a Terminate
 */
record Program(int number, long seed, Map<String, String> startup, List<Exchange> exchanges, boolean polite) {
    Program {
        startup = Map.copyOf(startup);
        exchanges = List.copyOf(exchanges);
    }

    Program with(List<Exchange> fewer) {
        return new Program(number, seed, startup, fewer, polite);
    }

    Program withoutStartup() {
        return new Program(number, seed, Map.of(), exchanges, polite);
    }

    /** Runs it; one line of transcript per exchange. A connection that fails is a line, too. */
    List<String> run(String host, int port, String database, String user, @Nullable String password) {
        List<String> lines = new ArrayList<>();
        Map<String, String> parameters = new HashMap<>(startup);
        parameters.put("database", database);
        parameters.put("user", user);
        try (WireClient client = WireClient.login(host, port, parameters, password)) {
            lines.add(reported(client.parameters()));
            for (Exchange exchange : exchanges) {
                lines.add(Transcript.of(exchange.run(client)));
            }
            lines.add(Transcript.of(Exchange.query("SELECT 'the end'").run(client)));
            if (polite) {
                client.send(Frontend.terminate());
            }
        } catch (EOFException e) {
            lines.add("closed by the server");
        } catch (IOException e) {
            lines.add(e.toString());
        }
        return lines;
    }

    private static String reported(Map<String, String> parameters) {
        return new java.util.TreeMap<>(parameters).toString();
    }

    /** As the source of a wire program. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("WireProgram.named(\"program " + number + ", seed " + seed + "\")");
        text.append(" // startup ").append(startup);
        exchanges.forEach(exchange -> text.append("\n        ").append(exchange));
        return text.toString();
    }
}

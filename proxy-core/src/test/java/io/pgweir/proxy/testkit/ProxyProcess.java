package io.pgweir.proxy.testkit;

import io.pgweir.proxy.app.Proxy;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A proxy in a process of its own, on the class path of the test, to be killed and started again on the same port. */
public final class ProxyProcess implements AutoCloseable {
    private static final String LISTENING = "listening";

    private final List<String> command;
    private final int port;
    private Process process;

    private ProxyProcess(int port, List<String> command) throws IOException {
        this.port = port;
        this.command = command;
        this.process = launch();
    }

    /** The process. It ends with the test's own. */
    static final class Main {
        public static void main(String[] settings) throws Exception {
            Map<String, String> flags = new HashMap<>();
            for (int i = 0; i < settings.length; i += 2) {
                flags.put(settings[i], settings[i + 1]);
            }
            Proxy.start(ConfigLoader.load(new ConfigSources(flags, Map.of())));
            System.out.println(LISTENING);
            if (System.in.read() < 0) {
                Runtime.getRuntime().halt(1);
            }
        }
    }

    /** Before {@code network}, with clients by trust; {@code settings} in pairs of name and value. */
    public static ProxyProcess before(FaultProxy network, String... settings) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1", // it does not live long enough for more
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "listen",
                "127.0.0.1:" + port,
                "http",
                "off",
                "client_auth",
                "trust",
                "database_url",
                "postgresql://" + network.host() + ":" + network.port() + "/*"));
        command.addAll(List.of(settings));
        return new ProxyProcess(port, command);
    }

    private Process launch() throws IOException {
        Process started = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader lines = started.inputReader(StandardCharsets.UTF_8);
        String line;
        do {
            line = lines.readLine();
            if (line == null) {
                throw new IOException("it has ended");
            }
        } while (!line.equals(LISTENING));
        return started;
    }

    /** SIGKILL, and at once another one on the same port. Returns when that listens. */
    public void killAndRestart() throws IOException {
        process.destroyForcibly().onExit().join();
        process = launch();
    }

    public WireClient login() throws IOException {
        return WireClient.login("127.0.0.1", port, "postgres", "postgres", null);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}

package io.pgweir.proxy.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.StartupOptions;
import io.pgweir.protocol.wire.StartupPacket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The first packet of a connection behind its length, and the options in it: a packet, or a violation that says why not. */
public final class StartupFuzz {
    private StartupFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        options(new String(input, StandardCharsets.UTF_8)); // by itself too
        try {
            StartupPacket packet = StartupPacket.decode(Unpooled.wrappedBuffer(input));
            if (packet instanceof StartupPacket.Startup startup) {
                check(startup);
            } else if (packet instanceof StartupPacket.Cancel cancel) {
                require(cancel.secret().length >= Limits.CANCEL_KEY_MIN
                        && cancel.secret().length <= Limits.CANCEL_KEY_MAX);
            }
        } catch (ProtocolViolation refused) {
            require(refused.getMessage() != null && refused.state() != null);
        }
    }

    private static void check(StartupPacket.Startup startup) {
        require(!startup.user().isEmpty() && !startup.database().isEmpty());
        require(startup.protocolVersion() >> 16 == 3);
        startup.parameters().forEach((name, value) -> {
            require(name.indexOf('\0') < 0 && value.indexOf('\0') < 0);
            require(!name.isEmpty() && !name.startsWith("_pq_."));
        });
        String options = startup.parameter("options");
        if (options != null) {
            options(options);
        }
        ByteBuf copy = Unpooled.buffer();
        io.pgweir.protocol.wire.FrontendWriter.startup(copy, startup.protocolVersion(), startup.parameters());
        StartupPacket again = StartupPacket.decode(copy.skipBytes(4));
        require(again instanceof StartupPacket.Startup same && same.parameters().equals(startup.parameters()));
    }

    private static void options(String options) {
        try {
            List<Map.Entry<String, String>> settings = StartupOptions.parse(options);
            require(settings.size() <= Limits.STARTUP_OPTIONS);
            settings.forEach(setting -> require(!setting.getKey().isEmpty()));
        } catch (ProtocolViolation refused) {
            require(refused.getMessage() != null);
        }
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new AssertionError("what was read cannot be");
        }
    }
}

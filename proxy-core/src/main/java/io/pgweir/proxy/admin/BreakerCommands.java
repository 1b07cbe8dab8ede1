package io.pgweir.proxy.admin;

import io.pgweir.proxy.admin.Command.Argument;
import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.Suggestions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OPEN, CLOSE and AUTO: breakers by hand. */
final class BreakerCommands {
    private final PoolDirectory pools;

    BreakerCommands(AdminConsole.Subject subject) {
        this.pools = subject.pools();
    }

    List<Command> commands() {
        return List.of(
                Command.admin(
                        "OPEN",
                        Argument.SERVER,
                        "Holds a server's breaker open: no connections are opened to it; open ones work on.",
                        (caller, server) -> {
                            breaker(server).hold(new Breaker.ByHand(true, AdminOrder.now(caller.user())));
                            return Reply.DONE.now();
                        }),
                Command.admin(
                        "CLOSE",
                        Argument.SERVER,
                        "Holds it closed: connections are tried whatever fails.",
                        (caller, server) -> {
                            breaker(server).hold(new Breaker.ByHand(false, AdminOrder.now(caller.user())));
                            return Reply.DONE.now();
                        }),
                Command.admin("AUTO", Argument.SERVER, "Takes OPEN and CLOSE back.", (caller, server) -> {
                    breaker(server).letGo();
                    pools.poolsAndListeners().forEach(pool -> pool.steering().serve());
                    return Reply.DONE.now();
                }));
    }

    private Breaker breaker(@Nullable String written) {
        String address = String.valueOf(written);
        List<HostPort> servers = pools.databases().stream()
                .flatMap(database -> database.hosts().stream())
                .distinct()
                .toList();
        return servers.stream()
                .filter(server -> server.toString().equalsIgnoreCase(address))
                .map(pools.breakers()::of)
                .findFirst()
                .orElseThrow(() -> ConsoleError.UNKNOWN_SERVER.failure(
                        address,
                        Suggestions.didYouMean(
                                address,
                                servers.stream().map(HostPort::toString).toList())));
    }
}

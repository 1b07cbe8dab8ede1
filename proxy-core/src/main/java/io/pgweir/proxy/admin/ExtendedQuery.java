package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrontendMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The extended query protocol of one connection to the console. On its loop. */
final class ExtendedQuery {
    private static final int MOST = 1_000;

    /** Portals with rows that have not been asked for yet; each may keep a whole result. */
    private static final int MOST_SUSPENDED = 4;

    private final ConsoleChannel channel;
    private final Caller caller;
    private final Commands commands;

    /** Null is a statement without words. */
    private final Map<String, @Nullable Statement> statements = new HashMap<>();

    private final Map<String, Portal> portals = new HashMap<>();
    private boolean skipping;

    private static final class Portal {
        private final @Nullable Statement statement;
        private final short[] formats;
        /** Those that have not been sent; null: it has not been run. */
        private @Nullable List<@Nullable Object[]> rows;

        Portal(@Nullable Statement statement, short[] formats) {
            this.statement = statement;
            this.formats = formats;
        }
    }

    ExtendedQuery(ConsoleChannel channel, Caller caller, Commands commands) {
        this.channel = channel;
        this.caller = caller;
        this.commands = commands;
        caller.statements(name -> {
            if (name == null) {
                statements.clear();
            } else {
                statements.remove(name);
            }
        });
    }

    /** After an error everything up to the next Sync is passed over. */
    boolean isSkipping() {
        return skipping;
    }

    void sync() {
        skipping = false;
        if (!caller.isInTransaction()) {
            portals.clear();
        }
    }

    void take(FrontendMessage message) {
        try {
            if (message instanceof FrontendMessage.Parse parse) {
                parse(parse);
            } else if (message instanceof FrontendMessage.Bind bind) {
                bind(bind);
            } else if (message instanceof FrontendMessage.Describe describe) {
                describe(describe);
            } else if (message instanceof FrontendMessage.Execute execute) {
                execute(portal(execute.portal()), execute.maxRows());
            } else if (message instanceof FrontendMessage.Close close) {
                (close.kind() == 'S' ? statements : portals).remove(close.name());
                channel.write(BackendWriter::closeComplete);
            }
        } catch (ConsoleFailure e) {
            fail(e.error());
        }
    }

    private void fail(ErrorFields error) {
        skipping = true;
        channel.error(error);
    }

    private void parse(FrontendMessage.Parse parse) {
        if (!parse.name().isEmpty() && statements.containsKey(parse.name())) {
            throw ConsoleError.DUPLICATE_STATEMENT.failure(parse.name());
        }
        List<CommandText> texts = CommandText.split(parse.sql());
        if (texts.size() > 1) {
            throw ConsoleError.SEVERAL_COMMANDS.failure();
        }
        Statement statement = texts.isEmpty() ? null : commands.understand(texts.get(0), caller);
        if (statements.size() >= MOST) {
            throw ConsoleError.TOO_MANY_STATEMENTS.failure(MOST);
        }
        statements.put(parse.name(), statement);
        channel.write(BackendWriter::parseComplete);
    }

    private void bind(FrontendMessage.Bind bind) {
        Statement statement = statement(bind.statement());
        if (!bind.parameters().isEmpty()) {
            throw ConsoleError.NO_PARAMETERS.failure(bind.parameters().size());
        }
        int columns = statement == null ? 0 : statement.columns().size();
        int formats = bind.resultFormats().length;
        if (formats > 1 && formats != columns) {
            throw new ConsoleFailure(ConsoleError.PROTOCOL
                    .with("bind message has " + formats + " result formats but query has " + columns + " columns")
                    .with(io.pgweir.protocol.wire.ErrorField.SEVERITY, "ERROR")
                    .with(io.pgweir.protocol.wire.ErrorField.SEVERITY_NONLOCALIZED, "ERROR"));
        }
        if (portals.size() >= MOST) {
            throw ConsoleError.TOO_MANY_STATEMENTS.failure(MOST);
        }
        portals.put(bind.portal(), new Portal(statement, bind.resultFormats()));
        channel.write(BackendWriter::bindComplete);
    }

    private void describe(FrontendMessage.Describe describe) {
        boolean ofStatement = describe.kind() == 'S';
        Portal portal = ofStatement ? null : portal(describe.name());
        Statement statement = portal == null ? statement(describe.name()) : portal.statement;
        short[] formats = portal == null ? new short[0] : portal.formats;
        channel.write(out -> {
            if (ofStatement) {
                BackendWriter.parameterDescription(out);
            }
            if (statement == null || statement.columns().isEmpty()) {
                BackendWriter.noData(out);
            } else {
                RowWriter.describe(out, statement.columns(), formats);
            }
        });
    }

    private void execute(Portal portal, int most) {
        Statement statement = portal.statement;
        if (statement == null) {
            channel.write(BackendWriter::emptyQueryResponse);
            return;
        }
        List<@Nullable Object[]> rows = portal.rows;
        if (rows != null) {
            send(portal, statement, rows, most);
            return;
        }
        long suspended = portals.values().stream()
                .filter(other -> other.rows != null && !other.rows.isEmpty())
                .count();
        if (most > 0 && suspended >= MOST_SUSPENDED) {
            throw ConsoleError.TOO_MANY_SUSPENDED.failure(MOST_SUSPENDED);
        }
        channel.run(statement, new ConsoleChannel.Outcome() {
            @Override
            public void done(Reply reply) {
                send(portal, statement, reply.rows(), most);
            }

            @Override
            public void failed(ErrorFields error) {
                fail(error);
            }
        });
    }

    private void send(Portal portal, Statement statement, List<@Nullable Object[]> rows, int most) {
        int some = most <= 0 ? rows.size() : Math.min(rows.size(), most);
        boolean all = some == rows.size();
        portal.rows = all ? List.of() : rows.subList(some, rows.size());
        channel.sendRows(
                statement,
                rows.subList(0, some),
                portal.formats,
                () -> channel.write(out -> {
                    if (all) {
                        BackendWriter.commandComplete(out, statement.tag());
                    } else {
                        BackendWriter.portalSuspended(out);
                    }
                }));
    }

    private @Nullable Statement statement(String name) {
        if (!statements.containsKey(name)) {
            throw ConsoleError.UNKNOWN_STATEMENT.failure(name);
        }
        return statements.get(name);
    }

    private Portal portal(String name) {
        Portal portal = portals.get(name);
        if (portal == null) {
            throw ConsoleError.UNKNOWN_PORTAL.failure(name);
        }
        return portal;
    }
}

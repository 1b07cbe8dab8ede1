package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import io.pgweir.proxy.net.HalfClose;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.tls.BackendTls;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to PostgreSQL after its login.
 *
 * <p>Its channel lives on its home loop. Everything else belongs to the loop that owns it at the moment: the home loop
 * while it is idle, the client's while it is attached. {@link #owner(EventLoop)} passes it on; what the channel reads
 * follows in order ({@link Inbox}).
 *
 * <pre>
 *   idle --attach--> attached --detach--> idle
 *     \                  \
 *      `----- closed <----'      (connection lost, desynchronised, or closed by us)
 * </pre>
 */
public final class BackendConnection {
    private static final Logger LOG = LoggerFactory.getLogger(BackendConnection.class);

    private final Channel channel;
    private final LoopContext home;
    private final HostPort host;
    private final SocketAddress address;
    private final @Nullable BackendTls tls;
    private final int pid;
    private final byte[] secret;
    private final ServerParameters parameters;
    private final SessionSettings startup;
    private final ServerStatements statements;
    private final FrameScanner scanner = new FrameScanner();
    private final Ledger ledger = new Ledger(this);
    private final ReplyReader replies = new ReplyReader(this, ledger);
    private final Outbound toServer = new Outbound();
    private final RunningStatement running = new RunningStatement();
    private final BackendListener listener;
    private final RoleReports roleReports;
    private final long openedAt = System.nanoTime();
    private volatile EventLoop owner;
    private volatile boolean closed;
    private volatile boolean sentAway;
    private @Nullable Attachment attachment;
    private byte status = TransactionStatus.IDLE;
    private SessionSettings applied = SessionSettings.NONE;
    private volatile @Nullable ErrorFields fatal;
    private long idleSince;
    private int cancelsInFlight;
    private boolean doubtful;
    private boolean brokeInsideReply;
    private long closedAt;
    private final ClientTraces traces = new ClientTraces();

    BackendConnection(BackendLogin login, Channel channel, BackendListener listener) {
        this.channel = channel;
        this.home = login.home();
        this.host = login.host();
        this.address = channel.remoteAddress();
        this.tls = login.protection();
        this.pid = login.pid();
        this.secret = login.secret();
        this.parameters = login.parameters();
        this.startup = login.startup();
        parameters.loggedIn();
        this.statements = new ServerStatements(login.statementLimit(), toServer, ledger);
        this.listener = listener;
        this.roleReports = new RoleReports(this, listener);
        this.owner = home.loop();
        toServer.target(channel);
        channel.closeFuture().addListener(future -> listener.closed(this));
    }

    public LoopContext home() {
        return home;
    }

    public HostPort host() {
        return host;
    }

    public SocketAddress address() {
        return address;
    }

    /** What protects the connection, or null. */
    public @Nullable BackendTls tls() {
        return tls;
    }

    /** The server's process id, 0 if it sent none. */
    public int pid() {
        return pid;
    }

    byte[] secret() {
        return secret;
    }

    public Channel channel() {
        return channel;
    }

    /** {@link System#nanoTime} when the login was complete. */
    public long openedAt() {
        return openedAt;
    }

    /** The session settings that went into its StartupMessage; RESET goes back to them. */
    public SessionSettings startup() {
        return startup;
    }

    public ServerParameters parameters() {
        return parameters;
    }

    // ---- ownership

    /** The loop that may touch this connection now. */
    public EventLoop owner() {
        return owner;
    }

    /** Passes the connection to another loop; the caller must not touch it afterwards. */
    public void owner(EventLoop loop) {
        owner = loop;
    }

    @Nullable
    Attachment attachment() {
        return attachment;
    }

    /** From now on works for {@code attachment}. */
    public void attach(Attachment next) {
        attachment = next;
        replies.attachmentChanged();
    }

    public void detach() {
        attachment = null;
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    // ---- who has it

    /** The statement it was last given. */
    public RunningStatement running() {
        return running;
    }

    /** The same as it may be shown. On the owning loop. */
    public StatementView statementFor(StatementBook book) {
        return running.view(book, !"off".equals(parameters.get("standard_conforming_strings")));
    }

    /** Who has it, and what for; null while nobody has, or while it changes hands. On the owning loop. */
    public @Nullable Holder holder(StatementBook book) {
        Attachment current = attachment;
        return closed ? Holder.closing(pid, closedAt) : current == null ? null : current.holder(this, book);
    }

    /** What {@link #holder} would give as state. Any thread; of a moment ago. */
    public @Nullable HoldState holdState() {
        Attachment current = attachment;
        return closed ? HoldState.RESETTING : current == null ? null : current.holdState(this);
    }

    // ---- what is sent

    /** Assembles what goes to PostgreSQL. */
    public Outbound toServer() {
        return toServer;
    }

    /** Writes what is assembled and sends it off. */
    public void flush() {
        toServer.end();
        channel.flush();
    }

    /** What has been sent and is owed for it. */
    public Ledger ledger() {
        return ledger;
    }

    /** The shared prepared statements it knows. */
    public ServerStatements statements() {
        return statements;
    }

    /** Sends a simple Query of our own, which destroys the unnamed statement; only between the client's units of work. */
    public void sendInternalQuery(String sql, InternalReply reply) {
        statements.unnamed(null, 0);
        FrontendWriter.query(toServer.append(), sql);
        ledger.expectInternal(reply);
        ledger.expectSwallowed(Reply.QUERY);
    }

    /** Opens an extended-protocol conversation of our own; only between the client's units of work. */
    public InternalConversation converse(InternalReply reply) {
        ledger.expectInternal(reply);
        statements.unnamed(null, 0);
        return new InternalConversation(toServer, ledger, statements);
    }

    /** Status of the last ReadyForQuery. */
    public byte status() {
        return status;
    }

    void status(byte next) {
        status = next;
    }

    void reported(String name, String value) {
        parameters.put(name, value);
        Attachment current = attachment;
        if (current != null) {
            current.parameterStatus(name, value);
        } else {
            parameters.reconfigured(name, value);
            listener.reconfigured(this);
        }
        roleReports.reported(name, value, current == null);
    }

    public RoleReports roleReports() {
        return roleReports;
    }

    /** Nothing is owed and no part of a message is pending: with status I anybody may have this backend. */
    public boolean isSettled() {
        return ledger.isEmpty() && !ledger.isSkippingToSync() && !scanner.insideFrame() && scanner.keptBytes() == 0;
    }

    /** True if this backend must not be used by anybody else, though it is settled. */
    public boolean isAmbiguous() {
        return doubtful || ledger.isAmbiguous();
    }

    /** Something of a client's may be here that nobody can tell: no other client gets it. */
    public void doubt() {
        doubtful = true;
    }

    /** The settings in force here beyond {@link #startup}. */
    public SessionSettings applied() {
        return applied;
    }

    public void applied(SessionSettings settings) {
        applied = settings;
    }

    public ClientTraces traces() {
        return traces;
    }

    /** {@link System#nanoTime} of the last release. */
    public long idleSince() {
        return idleSince;
    }

    public void idleSince(long nanoTime) {
        idleSince = nanoTime;
    }

    public LastHeard heard() {
        return replies.heard();
    }

    /** CancelRequests on their way. Not to be handed on before they have arrived: they may hit what runs then. */
    public int cancelsInFlight() {
        return cancelsInFlight;
    }

    void cancelSent() {
        cancelsInFlight++;
        heard().awaitSign();
    }

    /** @param certain false if it may still come, or has come and was not answered */
    void cancelArrived(boolean certain) {
        cancelsInFlight--;
        doubtful |= !certain;
        if (attachment != null) {
            attachment.cancelArrived();
        }
    }

    /** A CancelRequest, begun then, was not answered in time. */
    void cancelUnanswered(long begunAt) {
        if (heard().isSilent() && !isClosed()) {
            listener.silent(this, begunAt);
        }
    }

    /** A command has completed; its tag lies in {@code in}. */
    void commandCompleted(ByteBuf in, int at, int length) {
        Discarded discarded = Discarded.by(in, at, length);
        if (discarded == Discarded.EVERYTHING) {
            applied = SessionSettings.NONE;
            traces.hiddenSettingsOf(null);
        }
        if (discarded != Discarded.NOTHING) {
            statements.clear();
        }
    }

    // ---- what is received

    void read(ByteBuf in) {
        try {
            scanner.feed(in, replies);
        } catch (RuntimeException e) {
            desynchronised(e);
            return;
        }
        Attachment current = attachment;
        if (current != null) {
            current.afterRead();
        }
    }

    void readComplete() {
        if (attachment != null) {
            attachment.readComplete();
        }
    }

    void writabilityChanged() {
        if (attachment != null) {
            attachment.backendWritabilityChanged();
        }
    }

    /** FATAL: the server will close; the text is kept as the cause. */
    void fatal(ErrorFields error) {
        fatal = error;
    }

    void lost() {
        end(BackendFailure.lost(fatal));
    }

    private void desynchronised(RuntimeException e) {
        String what = String.valueOf(e instanceof DesynchronisedException ? e.getMessage() : e);
        LOG.error("backend {} pid={} closed: {}", host, pid, what);
        end(new BackendFailure(BackendFailure.Kind.DESYNCHRONISED, null, what));
    }

    private void end(BackendFailure failure) {
        if (closed) {
            return;
        }
        listener.lost(host, failure);
        closedAt = System.nanoTime();
        closed = true;
        brokeInsideReply = isInsideReply();
        scanner.close();
        Attachment current = attachment;
        attachment = null;
        if (current != null) {
            current.toClient().end();
        }
        ledger.abandon();
        toServer.target(null);
        channel.close();
        if (current != null) {
            current.backendLost(failure);
        }
    }

    /** True while part of a message has been forwarded and its rest has not come. */
    public boolean isInsideReply() {
        return scanner.insideFrame() && replies.isForwardingRest();
    }

    /** Whether the client has got part of the answer to its oldest unit: then the unit cannot be repeated unseen. */
    public boolean isUnitAnswered() {
        return replies.isUnitAnswered();
    }

    /** True if the connection broke when part of a message had been forwarded already. */
    public boolean brokeInsideReply() {
        return brokeInsideReply;
    }

    /** True once it is of no use to anybody. Any thread. */
    public boolean isClosed() {
        return closed || fatal != null || !channel.isActive();
    }

    /** Whether it is gone because we sent it away, not because the server or the network ended it. Any thread. */
    public boolean isSentAway() {
        return sentAway;
    }

    /**
     * Says goodbye and waits for the server to close its end, so that the limit counts this connection until PostgreSQL
     * has really let it go; closes hard if that takes longer than {@code graceMillis}.
     */
    public void terminate(long graceMillis) {
        if (closed) {
            channel.close();
            return;
        }
        sentAway = fatal == null && channel.isActive();
        closedAt = System.nanoTime();
        closed = true;
        attachment = null;
        scanner.close();
        ledger.abandon();
        channel.config().setAutoRead(true);
        FrontendWriter.terminate(toServer.append());
        toServer.end();
        toServer.target(null);
        // Behind half a message Terminate would be taken for its rest; the end of the stream says it in any case.
        HalfClose.afterFlush(channel, () -> {});
        home.loop().schedule((Runnable) channel::close, graceMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public String toString() {
        return host + "/" + pid;
    }
}

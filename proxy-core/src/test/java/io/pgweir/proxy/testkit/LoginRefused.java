package io.pgweir.proxy.testkit;

import java.io.IOException;

/** The server answered a login with an error. */
public final class LoginRefused extends IOException {

    private static final long serialVersionUID = 1;

    private final transient ServerMessage error;

    LoginRefused(ServerMessage error) {
        super(error.toString());
        this.error = error;
    }

    public ServerMessage error() {
        return error;
    }

    public String sqlState() {
        return error.fields().getOrDefault('C', "");
    }
}

package io.pgweir.proxy.hba;

import java.util.Set;

/**
 * The databases or the users of a line.
 *
 * @param all whether it is any
 * @param sameUser whether it is also the database that is called like the user
 * @param names those that are named
 */
public record HbaNames(boolean all, boolean sameUser, Set<String> names) {
    public HbaNames {
        names = Set.copyOf(names);
    }

    boolean admit(String name, String user) {
        return all || names.contains(name) || (sameUser && name.equals(user));
    }
}

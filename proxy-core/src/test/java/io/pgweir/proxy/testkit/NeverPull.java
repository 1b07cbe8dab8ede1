package io.pgweir.proxy.testkit;

import org.testcontainers.images.ImagePullPolicy;
import org.testcontainers.utility.DockerImageName;

/**
 * An image is on the engine or it is not used. {@code testcontainers.properties} names this class, so that it also holds for the image
 * of Testcontainers' reaper: without a network it would be tried again for two minutes.
 */
public final class NeverPull implements ImagePullPolicy {

    @Override
    public boolean shouldPull(DockerImageName image) {
        return false;
    }
}

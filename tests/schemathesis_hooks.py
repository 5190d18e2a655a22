"""What schemathesis is told: how a body of SPARQL is sent."""

import schemathesis

schemathesis.serializer.alias("application/sparql-query", "text/plain")

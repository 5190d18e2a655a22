const site = "{{ host | e }}";
const get = async (id) => (await fetch(`${site}/id/${id}.jsonld`)).json();

const measure = await get("measure/waterstof");
console.log(measure.prefLabel.{{ lang }});
for (const id of measure.involves) {
  const occupation = await get(id);
  console.log(`- ${occupation.prefLabel.{{ lang }}}`);
}

import { defineAgent, host, MeshError, on, serve } from "@parley/mesh";
import { GreeterSaidHelloSchema, GreeterService } from "../gen/greeter/v1/greeter_pb.js";

/** How often each person was greeted, as heard. */
const greetings = new Map<string, number>();

/** Says hello, announces it, and hears its own announcements as any other agent could. */
const agent = defineAgent({
  name: "greeter",
  description: "Says hello.",
  serves: [
    serve(GreeterService, {
      async sayHello({ name }, ctx) {
        const times = greetings.get(name) ?? 0;
        const text = times === 0 ? `Hello ${name}!` : `Hello again, ${name}!`;
        await ctx.publish(GreeterSaidHelloSchema, { name, text });
        return { text };
      },
    }),
  ],
  hears: [
    on(GreeterSaidHelloSchema, { name: "count" }, ({ name }) => {
      greetings.set(name, (greetings.get(name) ?? 0) + 1);
    }),
  ],
});
export default agent;

if (import.meta.main) {
  try {
    const { url, drain } = await host({ agents: [agent] });
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, drain);
    console.log(`${agent.name} takes calls at ${url}`);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exit(1);
  }
}

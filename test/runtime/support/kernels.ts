// A kernel written twice by hand in; the WGSL and the JavaScript that the test plans run out.

import type { CpuKernel, PlanKernel, PlanType } from "../../../runtime/plan.js";

export interface TestKernel {
  readonly kernel: PlanKernel;
  readonly cpu: CpuKernel;
}

/** `r` or `w` and a type for each binding: `r:f32`. The WGSL body sees b1, b2 …, `u` (words) and `i`. */
export function testKernel(
  name: string,
  bindings: readonly string[],
  body: string,
  cpu: CpuKernel,
): TestKernel {
  const parsed = bindings.map((text) => {
    const [access, type] = text.split(":");
    return {
      access: access === "w" ? "read_write" : "read",
      type: (type ?? "f32") as PlanType,
    } as const;
  });
  const declarations = parsed.map(({ access, type }, index) => {
    const element = type === "bool" ? "u32" : type;
    return `@group(0) @binding(${index + 1}) var<storage, ${access}> b${index + 1}: array<${element}>;`;
  });
  const wgsl = `
@group(0) @binding(0) var<uniform> u: array<vec4<u32>, 2>;
${declarations.join("\n")}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
${body}
}
`;
  return { kernel: { name, wgsl, workgroupSize: 64, bindings: parsed }, cpu };
}

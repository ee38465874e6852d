// Takes no input, gives the types that an app meets: models, nets, tensors, options and reports; no other types are needed to read them.

/** WebGPU's objects, as far as this interface passes them on. The browser's own types fit. */
export interface GpuBuffer {
  readonly size: number;
  readonly usage: number;
  destroy(): unknown;
}
/** The platform's own GPUBuffer where its types are at hand. */
export type OutputBuffer = typeof globalThis extends {
  GPUBuffer: { prototype: infer Buffer extends GpuBuffer };
}
  ? Buffer
  : GpuBuffer;
export interface GpuDevice {
  readonly queue: object;
  readonly limits: object;
  readonly lost: Promise<unknown>;
}
export interface GpuAdapter {
  readonly limits: object;
  requestDevice(): Promise<unknown>;
}

/** The platform's, as far as they are used here: no "DOM" library is needed to read these types. */
export interface UrlLike {
  readonly href: string;
}
export interface ResponseLike {
  arrayBuffer(): Promise<ArrayBuffer>;
}
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | readonly number[]
  | readonly boolean[];
export type NestedArray = readonly (number | boolean | NumberArray | NestedArray)[];

/** The numbers of a tensor: a flat array whose length tells the one free dimension, a nested array, or `{ data, shape }`. */
export type TensorNumbers =
  | number
  | NumberArray
  | NestedArray
  | { readonly data: NumberArray; readonly shape: readonly number[] };

/** A tensor: its numbers, or a buffer on the net's own device (32-bit words, row-major), where a NaN is not looked for and may give plausible numbers. */
export type TensorInput =
  | TensorNumbers
  | GpuBuffer
  | { readonly data: NumberArray | GpuBuffer; readonly shape: readonly number[] };

/** An output: row-major; `Uint8Array` for bool. */
export type TensorOutput = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Bytes of a buffer of their own, as Blob and fetch take them. */
export type FileBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** What a generated model fills in with its own names. */
export interface ModelTypes {
  readonly inputs: object;
  /** Inputs and targets, as training wants them. */
  readonly data: object;
  readonly outputs: object;
  readonly parameters: string;
  readonly losses: string;
  readonly metrics: string;
  /** Those metrics that need all examples at once: batches have no mean of them. */
  readonly wholeMetrics: string;
  readonly stages: string;
  readonly objectives: string;
}

/** A model whose names are not known while compiling. */
export interface AnyModel extends ModelTypes {
  readonly inputs: Readonly<Record<string, TensorInput | undefined>>;
  readonly data: Readonly<Record<string, TensorInput | undefined>>;
  readonly outputs: Readonly<Record<string, TensorOutput>>;
}

/** An address, bytes, or what a page has them in. */
export type WeightsSource = string | UrlLike | ArrayBufferLike | ArrayBufferView | ResponseLike;
/** Of several files, each tensor is taken of the last that has it: a base, and what was trained upon it. */
export type WeightsSources = WeightsSource | readonly WeightsSource[];

/** A module of CPU kernels, and of what runs them. */
export interface CpuSource {
  readonly kernels: object;
  readonly createCpuBackend?: unknown;
}

/** Keeps what was measured: a `Map`, or what an app makes of its storage. */
export interface TuningCache {
  get(key: string): unknown;
  set(key: string, value: string): unknown;
}

export interface LoadOptions {
  /** The app's own device; never destroyed by the net. */
  readonly device?: GpuDevice;
  readonly adapter?: GpuAdapter;
  /** `auto` (the default) takes WebGPU on a hardware adapter, else the CPU. */
  readonly backend?: "auto" | "webgpu" | "cpu";
  /** A safetensors file or where it is, or several; what was compiled in (`nnc compile --weights`) unless given. `false`: none, not even that. */
  readonly weights?: WeightsSources | false;
  /** Take what matches of `weights`, and leave the rest as it starts; `net.loaded` tells. */
  readonly partial?: boolean;
  /** From 0 to 4294967295: of the initial weights (of a net that trains and has none from a file), the order of the examples, and all draws. */
  readonly seed?: number;
  /** The bundle's module `*.cpu.js`, as the app imports it, for contexts without `import()`: service workers. */
  readonly cpu?: CpuSource;
  /**
   * On WebGPU, kernels that have variants (`nnc compile --software`) are measured before the net is given out, and the fastest
   * taken, once for an adapter and a model: `true` remembers that in this model alone, a cache wherever it keeps it.
   */
  readonly tune?: boolean | TuningCache;
  /**
   * How many threads compute on the CPU in WebAssembly, the caller's among them: one, unless said, and 64 at most; `"auto"`: one for each processor, up to 8.
   * The numbers are the same bits for any number. In pages they take cross-origin isolation, without which there is one.
   */
  readonly threads?: number | "auto";
  /** Kernels compiled so far, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface TrainingLoadOptions extends LoadOptions {
  /** Reads a weights file that a `start … from` line names, or a part of it with the tensors of these names; `fetch` unless given. */
  readonly readFile?: (file: string, names: readonly string[]) => Promise<ArrayBuffer | Uint8Array>;
}

export type RestoreOptions = Pick<LoadOptions, "device" | "adapter">;

export interface PredictOptions<Output extends string = string> {
  /** The outputs wanted; all unless said. Only their inputs are asked for. */
  readonly outputs?: readonly Output[];
  readonly as?: "array" | "gpu";
  /** How many examples, where no input tells. */
  readonly batch?: number;
  /** Other free dimensions, where no input tells. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** Of what is drawn: the same seed and inputs give the same outputs. */
  readonly seed?: number;
  /** Of an ensemble: what each member gives, [members, …], in place of their mean (or of what most of them say, where an output is of integers). */
  readonly members?: boolean;
}

export interface ParameterInfo {
  readonly shape: readonly number[];
  readonly role: "weight" | "bias" | "param" | "state" | "fitted";
}

/** What of a weights file fitted the model. */
export interface LoadedWeights {
  readonly matched: readonly string[];
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly mismatched: readonly string[];
}

export type DeviceLoss = Readonly<Record<"reason" | "message", string>>;

export type OutputName<M extends ModelTypes> = Extract<keyof M["outputs"], string>;

/** What `predict` is given: inputs may be left out where none is needed. */
export type PredictGiven<Inputs, Options> =
  Partial<Inputs> extends Inputs
    ? [inputs?: Inputs, options?: Options]
    : [inputs: Inputs, options?: Options];

export interface InferenceNet<M extends ModelTypes = AnyModel> {
  readonly backend: "webgpu" | "cpu";
  /** What computes. On the CPU it is JavaScript, which takes several times as long, only where WebAssembly with SIMD is not to be had, or memory for it. */
  readonly machine: "webgpu" | "wasm" | "javascript";
  /** How many threads compute, on the CPU. */
  readonly threads: number;
  /** Why this backend was taken, and why JavaScript where it is not WebAssembly, or one thread where there were to be more. */
  readonly backendReason: string;
  readonly parameters: Readonly<Record<M["parameters"], ParameterInfo>>;
  readonly loaded: LoadedWeights | undefined;
  /** Resolves when the GPU device is lost. On the CPU it never does: where a thread is gone, calls that want it fail with `device-lost`. */
  readonly lost: Promise<DeviceLoss>;
  predict<Output extends OutputName<M> = OutputName<M>>(
    inputs: M["inputs"],
    options: PredictOptions<Output> & { readonly as: "gpu" },
  ): Promise<{ readonly [K in Output]: OutputBuffer }>;
  predict<Output extends OutputName<M> = OutputName<M>>(
    ...given: PredictGiven<M["inputs"], PredictOptions<Output>>
  ): Promise<Pick<M["outputs"], Output>>;
  /** The values of a weight, bias, param, state or fitted value, row-major. */
  read(name: M["parameters"]): Promise<TensorOutput>;
  write(name: M["parameters"], values: TensorNumbers): Promise<void>;
  /**
   * A new device in place of a lost one, with the weights loaded and written. A net that trains has what it had at its last
   * snapshot, and what was written since: taken at the end of each `fit` and `prepare` and every ten seconds or so within a
   * fit, between epochs, by `save({ optimizer: true })`, and by a `write` before which steps were made since; later steps are
   * lost with the device (`run` tells where an unfinished fit goes on). On a device that is not lost nothing is; where no new
   * one can be had, the net stays as it is.
   */
  restore(options?: RestoreOptions): Promise<void>;
  /** Frees every buffer. */
  destroy(): void;
}

/** Of a step or an epoch: what needs all examples at once is there only where one batch held them. */
export type BatchMetrics<M extends ModelTypes> = string extends M["wholeMetrics"]
  ? Readonly<Record<string, number>>
  : Readonly<
      Record<Exclude<M["metrics"], M["wholeMetrics"]>, number> &
        Partial<Record<M["wholeMetrics"], number>>
    >;

export interface Report<M extends ModelTypes = AnyModel> {
  /** Counted from 1 within the stage. */
  readonly step: number;
  /** The sum of the losses that the stage minimises. */
  readonly loss: number;
  readonly losses: Readonly<Record<M["losses"], number>>;
  /** The sum of the regularizers. */
  readonly penalty: number;
  readonly metrics: BatchMetrics<M>;
  readonly monitors: Readonly<Record<string, number>>;
}

export interface Evaluation<M extends ModelTypes = AnyModel> {
  /** The sum of the losses that the stage minimises. */
  readonly loss: number;
  readonly losses: Readonly<Record<M["losses"], number>>;
  readonly penalty: number;
  readonly metrics: Readonly<Record<M["metrics"], number>>;
  readonly examples: number;
}

/** A report with its position in the run. */
export interface StepReport<M extends ModelTypes = AnyModel> extends Report<M> {
  readonly stage: M["stages"];
  readonly epoch: number;
  readonly examples: number;
  /** Steps of the whole run, where that is known. */
  readonly steps: number | undefined;
}

/** Means over an epoch, each weighted by its entries; what needs all examples of the epoch at once is left out. */
export interface EpochReport<M extends ModelTypes = AnyModel> extends Report<M> {
  readonly stage: M["stages"];
  readonly epoch: number;
  readonly epochs: number | undefined;
  readonly examples: number;
  readonly seconds: number;
  readonly validation?: Evaluation<M>;
}

/** How a stage ended. `exhausted`: an iterator that can be read once gave fewer batches than the run wanted. */
export type Stopped = "finished" | "early" | "exhausted" | "aborted";

/** Where a run stands. */
export interface RunPosition<M extends ModelTypes = AnyModel> {
  readonly stage: M["stages"];
  /** Epochs of the stage that are done. */
  readonly epoch: number;
  /** Steps of the stage that are done. */
  readonly step: number;
}

/** The end of a stage. */
export interface StageReport<M extends ModelTypes = AnyModel> extends RunPosition<M> {
  readonly stopped: Stopped;
  /** The best epoch by what `stop_early` goes by, and its validation loss. */
  readonly best?: { readonly epoch: number; readonly loss: number };
  /** The weights that the net has now: those of the best epoch where they were put back. */
  readonly weights: "last" | "best";
}

export interface History<M extends ModelTypes = AnyModel> {
  readonly epochs: readonly EpochReport<M>[];
  readonly stages: readonly StageReport<M>[];
  /** Steps done in this call. */
  readonly steps: number;
  /** Of the last stage, as are `best` and `weights`. */
  readonly stopped: Stopped;
  readonly best?: { readonly epoch: number; readonly loss: number };
  readonly weights: "last" | "best";
  /** Where a resumed run went on. */
  readonly resumed?: RunPosition<M>;
}

/**
 * Whole data sets by name, or batches one after the other; a function gives them anew for each epoch (a generator and a `ReadableStream` can be
 * read once). A call owns what it was given: sets of up to a million numbers an input are copied before it returns. Larger
 * ones are read where they lie, each value checked when it is used, and must stay as they are until the call ends.
 */
export type TrainingData<Data> =
  | Data
  | AsyncIterable<Data>
  | Iterable<Data>
  | BatchStream
  | (() => AsyncIterable<Data> | Iterable<Data> | BatchStream);

/** A `ReadableStream` of batches. */
export interface BatchStream {
  readonly locked: boolean;
  getReader(): object;
}

export interface FitOptions<M extends ModelTypes = AnyModel> {
  /**
   * Go on with the run that `net.run` tells of, which a signal, an error or the end of a process cut off after it had
   * begun (not one whose loss became infinite or NaN: it is back at the last good weights). Without it each call is a
   * new run from the present weights: its stages begin as the file says, with fresh optimizer state.
   */
  readonly resume?: boolean;
  /** One stage; all, in the order of the file, unless said. */
  readonly stage?: M["stages"];
  /** Of both the one that is reached first ends the run. */
  readonly epochs?: number;
  readonly steps?: number;
  /** Examples in a batch. */
  readonly batch?: number;
  /** Steps of an epoch, where the data cannot tell, as a function or generator: a run whose schedules go by its progress is refused without it or `steps`. */
  readonly stepsPerEpoch?: number;
  /**
   * Data to validate on, or the share of the data held out for it. One share of rows is held out from all stages: that of
   * the seed, and as large as any stage asks for.
   */
  readonly validation?: TrainingData<M["data"]> | number;
  /** Ends the run after the step under way, or at once where it waits for data; `resume` goes on with it. */
  readonly signal?: AbortSignalLike;
  // Methods, so that a net whose names are known is one of the general type.
  /** Called for each step, once its loss is known: perhaps some steps late. */
  onStep?(report: StepReport<M>): unknown;
  onEpoch?(report: EpochReport<M>): unknown;
  onStage?(report: StageReport<M>): unknown;
}

export interface StepOptions<M extends ModelTypes = AnyModel> {
  /** That of the latest update unless said, at first the first of the file. */
  readonly stage?: M["stages"];
  readonly objective?: M["objectives"];
  readonly epoch?: number;
  /** From 0 to 1, for schedules that follow the whole run. */
  readonly progress?: number;
  /** Begins a pass over the data: states over `batch` start anew with this batch, in place of going on from the one before. */
  readonly reset?: boolean;
}

export interface SaveOptions {
  /** With all that a resumed run needs. */
  readonly optimizer?: boolean;
  /** Without what every stage of the file freezes: adapters, which are loaded over the file that they were trained on. */
  readonly only?: "trained";
}

export interface EvaluateOptions<M extends ModelTypes = AnyModel> {
  /** Its losses are summed. That of the latest update unless said, at first the last of the file. */
  readonly stage?: M["stages"];
  readonly batch?: number;
  /** How many, where every input is drawn; refused with data, which has its own. */
  readonly examples?: number;
  readonly seed?: number;
}

/**
 * A net that trains. One of `fit`, `prepare` and `step` at a time: another is refused ("busy"), but that steps queue.
 * Evaluations may go side by side; `fit` and `prepare` hold back while one is under way, as in a callback, and `step` and
 * `write` are refused. `restore` waits for the calls that a lost device ends and is refused beside others; nothing begins
 * while it is under way. `predict`, `read`, `report` and `save` may be called at any other time. `destroy` ends every call
 * ("destroyed").
 */
export interface TrainingNet<M extends ModelTypes = AnyModel> extends InferenceNet<M> {
  /** The unfinished run that `fit` with `resume` goes on with: one cut off, or one in the weights file. */
  readonly run: RunPosition<M> | undefined;
  /** A safetensors file; with `optimizer`, all that a resumed run needs, with `only: "trained"` what training may have changed. */
  save(options?: SaveOptions): Promise<FileBytes>;
  /** Computes the fitted values from the whole training set. */
  prepare(data: TrainingData<M["data"]>): Promise<void>;
  /** One update from one batch, or from as many as `accumulate` joins and `repeat` takes; resolves when the next may be given. */
  step(batch?: M["data"] | readonly M["data"][], options?: StepOptions<M>): Promise<void>;
  /** Losses and metrics of the latest step, before its update. */
  report(): Promise<Report<M>>;
  fit(data?: TrainingData<M["data"]>, options?: FitOptions<M>): Promise<History<M>>;
  evaluate(data?: TrainingData<M["data"]>, options?: EvaluateOptions<M>): Promise<Evaluation<M>>;
}

export interface Model<Net, Options = LoadOptions> {
  readonly name: string;
  load(options?: Options): Promise<Net>;
}

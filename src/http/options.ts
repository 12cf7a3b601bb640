/** How to bear with servers and networks. */
export interface HttpOptions {
  /** Attempts in a row that bring nothing, before giving up. @default 10 */
  tries?: number;
  /** The wait after the first such attempt, in milliseconds; it doubles up to 30 s. @default 1000 */
  delay?: number;
  /** How long a server may send nothing, in milliseconds. @default 30000 */
  timeout?: number;
  /**
   * How long a server may send less than 1 kB a second, in milliseconds, before that counts as a
   * failure too. @default 60000
   */
  patience?: number;
  /**
   * An Authorization header, for the server itself and none that it redirects to, nor for itself
   * when such a one redirects back. @default none
   */
  authorization?: string;
}
